
import threading
import pytest
from django.db import connection
from django.contrib.auth.models import Group
@pytest.mark.django_db
def test_a(sandbox, settings):
    print(connection.vendor, connection.settings_dict["NAME"], settings.DISTRIBUTOR_URL)
    assert Group.objects.count() == 2
@pytest.mark.django_db(transaction=True)
def test_b(chromium):
    from customers.models import Package
    Package.objects.create(name="x")
    seen = []
    def f():
        seen.append(Package.objects.count()); connection.close()
    t = threading.Thread(target=f); t.start(); t.join()
    assert seen == [1]
