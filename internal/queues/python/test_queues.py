"""Runs RQ and Celery, unmodified, on bin/redlet, whose unix socket REDLET_SOCKET names."""

import datetime
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = os.path.dirname(os.path.abspath(__file__))
BINARY = os.path.join(ROOT, "..", "..", "..", "bin", "redlet")
PATIENCE = 30  # seconds


def setUpModule():
    global server, folder
    folder = tempfile.TemporaryDirectory()
    socket = os.path.join(folder.name, "s")
    os.environ["REDLET_SOCKET"] = socket
    server = subprocess.Popen(
        [BINARY, "--port", "0", "--unixsocket", socket, "--save", "", "--dir", folder.name],
        stdout=subprocess.PIPE, text=True)
    for line in server.stdout:
        if "Ready to accept connections" in line:
            return
    raise RuntimeError("the server ends before it is ready")


def tearDownModule():
    server.kill()
    server.wait()
    server.stdout.close()
    folder.cleanup()


class Queues(unittest.TestCase):
    def setUp(self):
        import jobs
        self.jobs = jobs
        self.client = jobs.client()
        self.addCleanup(self.client.close)
        self.client.flushall()

    def start(self, *command):
        """Starts a worker, with all that it starts in a group of processes of its own."""
        worker = subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                  start_new_session=True)
        self.addCleanup(self.kill, worker)
        return worker

    def kill(self, worker):
        try:
            os.killpg(worker.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        worker.wait()

    def until(self, what, is_so):
        end = time.monotonic() + PATIENCE
        while not is_so():
            self.assertLess(time.monotonic(), end, "never " + what)
            time.sleep(0.02)  # others work meanwhile

    def hangs(self, name):
        self.assertIsNotNone(self.client.blpop(name + ":hangs", PATIENCE))

    def rq_worker(self, *options):
        return self.start("rq.cli", "worker", "--url", "unix://" + self.jobs.SOCKET, *options)

    def test_rq(self):
        from rq import Queue, Retry
        queue = Queue(connection=self.client)
        plain = queue.enqueue(self.jobs.add, 1, 2)
        dependent = queue.enqueue(self.jobs.add, 3, 4, depends_on=plain)
        failed = queue.enqueue(self.jobs.fail)
        retried = queue.enqueue(self.jobs.fail_first, "tries", retry=Retry(max=3))
        delayed = queue.enqueue_in(datetime.timedelta(seconds=1), self.jobs.add, 5, 6)
        self.rq_worker("--with-scheduler")
        for job, result in (plain, 3), (dependent, 7), (retried, "third time"), (delayed, 11):
            self.until("done", lambda: job.get_status(refresh=True) == "finished")
            self.assertEqual(job.return_value(), result)
        self.until("failed", lambda: failed.get_status(refresh=True) == "failed")
        self.assertIn(failed.id, queue.failed_job_registry.get_job_ids())
        self.assertIn("it fails", failed.latest_result().exc_string)

    def test_rq_dead_worker(self):
        from rq import Queue, Retry
        queue = Queue(connection=self.client)
        job = queue.enqueue(self.jobs.hang_first, "job", retry=Retry(max=1))
        worker = self.rq_worker()
        self.hangs("job")
        self.kill(worker)
        # By the registry's own clock it takes a minute and a half to give the worker up.
        queue.started_job_registry.cleanup(timestamp=time.time() + 1000)
        self.rq_worker()
        self.until("done", lambda: job.get_status(refresh=True) == "finished")
        self.assertEqual(job.return_value(), "done")

    def celery_worker(self):
        return self.start("celery", "-A", "jobs", "worker", "--pool", "solo", "--without-gossip",
                          "--without-mingle", "--without-heartbeat", "--loglevel", "ERROR")

    def test_celery(self):
        plain = self.jobs.celery_add.delay(1, 2)
        delayed = self.jobs.celery_add.apply_async((3, 4), countdown=1)
        retried = self.jobs.celery_fail_first.delay("tries")
        failed = self.jobs.celery_fail.delay()
        self.celery_worker()
        self.assertEqual(plain.get(PATIENCE), 3)
        self.assertEqual(retried.get(PATIENCE), "third time")
        self.assertEqual(delayed.get(PATIENCE), 7)
        with self.assertRaisesRegex(ValueError, "it fails"):
            failed.get(PATIENCE)

    def test_celery_dead_worker(self):
        job = self.jobs.celery_hang_first.delay("job")
        worker = self.celery_worker()
        self.hangs("job")
        self.kill(worker)
        self.celery_worker()
        with self.jobs.app.connection_for_write() as connection:
            qos = connection.default_channel.qos

            def taken_over():  # workers look for it too, every hundred seconds
                qos.restore_visible(interval=1)
                return job.ready()

            self.until("done", taken_over)
        self.assertEqual(job.get(PATIENCE), "done")


if __name__ == "__main__":
    unittest.main()
