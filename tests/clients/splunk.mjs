// Splunk's own JavaScript logger for its HTTP Event Collector: splunk.mjs URL TOKEN. What it got back, as JSON lines.
import { createRequire } from 'node:module';

const { Logger } = createRequire(import.meta.url)('splunk-logging');
const [url, token] = process.argv.slice(2);
const say = (row) => console.log(JSON.stringify(row));

const sent = (logger, payload) => new Promise((resolve) => {
  logger.error = (error) => resolve({ error: String(error.message || error) });
  logger.send(payload, (error, response, body) => resolve(error ? { error: String(error) } : { status: response.statusCode, body }));
});

const one = new Logger({ token, url });
say({ what: 'one', ...(await sent(one, { message: { temperature: '70F', chickenCount: 500 }, severity: 'info',
  metadata: { source: 'chicken coop', sourcetype: 'httpevent', index: 'main', host: 'farm.local' } })) });

// batched: objects that follow each other, sent by flush
const many = new Logger({ token, url, maxBatchCount: 0 });
for (let i = 0; i < 300; i++) many.send({ message: `dong so ${i}`, metadata: { host: 'may-01', time: 1795480262 + i } });
say({ what: 'batch', ...(await new Promise((resolve) => many.flush((error, response, body) => resolve({ status: response.statusCode, body })))) });

const stranger = new Logger({ token: 'wrong', url, maxRetries: 0 });
say({ what: 'stranger', ...(await sent(stranger, { message: 'khong' })) });
