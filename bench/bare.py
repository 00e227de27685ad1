"""The floors: what calls cost with nothing that would survive anything."""

import os
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat

import requests
from celery import Celery

FIELDS = {
    "api_user": "sandbox",
    "api_key": "sandbox",
    "method": "active",
    "user": "c1@navy.example",
}

# As reseller/settings.py has it.
app = Celery("bare", broker=os.environ.get("REDIS_URL"))
app.conf.update(
    task_ignore_result=True,
    task_acks_late=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
)


@app.task(name="post")
def post(url: str) -> None:
    reply = requests.post(f"{url}/distributor.manage.json", data=FIELDS, timeout=20)
    if reply.json() != {"message": "success"}:
        raise ValueError(reply.text)


def loop(url: str, number: int, threads: int) -> None:
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(post, repeat(url, number)))
