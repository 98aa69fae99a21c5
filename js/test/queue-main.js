// A worker that takes a job and never ends it: killWorkerAtWork kills its process.

const [library, port] = process.argv.slice(2);
const connection = { host: '127.0.0.1', port: Number(port) };

function work() {
  console.log('at work');
  return new Promise(() => {});
}

if (library === 'bullmq') {
  const { Worker } = await import('bullmq');
  new Worker('dying', work, { connection, lockDuration: 1000, stalledInterval: 1000 });
} else if (library === 'bull') {
  const { default: Queue } = await import('bull');
  const settings = { lockDuration: 1000, stalledInterval: 1000 };
  void new Queue('dying', { redis: connection, settings }).process(work);
} else {
  const { default: Queue } = await import('bee-queue');
  new Queue('dying', { redis: connection, stallInterval: 1000 }).process(work);
}
