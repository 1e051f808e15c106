"""What must work before anyone calls the service up."""

from django.test import TestCase, tag


@tag("smoke")
class SmokeTests(TestCase):
    def test_the_health_page_answers(self):
        self.assertEqual(self.client.get("/api/health").status_code, 200)

    def test_an_agent_can_be_added(self):
        self.client.post("/api/agents", {"name": "Noor"})
        self.assertEqual(self.client.get("/api/agents").json(), {"agents": ["Noor"]})


@tag("slow")
class SlowTests(TestCase):
    def test_what_a_smoke_test_leaves_out(self):
        self.fail("The tag did not keep this one out.")
