// The official JavaScript client of Elasticsearch: elasticsearch.mjs URL TOKEN. What it got back, as JSON lines.
import { Client, errors } from '@elastic/elasticsearch';

const [url, token] = process.argv.slice(2);
const say = (row) => console.log(JSON.stringify(row));
const client = new Client({ node: url, auth: { apiKey: token }, maxRetries: 3, compression: true });

const info = await client.info(); // throws ProductNotSupportedError when a header is missing
say({ what: 'info', version: info.version.number, tagline: info.tagline });

const bulk = await client.bulk({
  index: 'logs-haidang',
  operations: [{ create: {} }, { '@timestamp': new Date().toISOString(), message: 'mot' }, { index: {} }, { message: 'hai' }],
});
say({ what: 'bulk', errors: bulk.errors, statuses: bulk.items.map((item) => Object.values(item)[0].status) });

const many = Array.from({ length: 2500 }, (_, i) => ({ message: `dong so ${i}`, host: { name: 'may-01' } }));
const helped = await client.helpers.bulk({
  datasource: many, onDocument: () => ({ create: { _index: 'logs-haidang' } }),
  flushBytes: 100_000, concurrency: 3, onDrop: (dropped) => say({ what: 'dropped', dropped }),
});
say({ what: 'helper', total: helped.total, successful: helped.successful, failed: helped.failed });

const stranger = new Client({ node: url, auth: { apiKey: 'wrong' }, maxRetries: 0 });
await stranger.bulk({ operations: [{ create: { _index: 'x' } }, { message: 'khong' }] })
  .then(() => say({ what: 'stranger', status: 200 }))
  .catch((error) => say({ what: 'stranger', status: error.statusCode, response: error instanceof errors.ResponseError }));
