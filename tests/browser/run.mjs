// The console in a real browser: see README.md.
import { start, stop, users } from './browser.mjs';
import { runAll } from './tap.mjs';
import './cases/door.mjs';
import './cases/triage.mjs';
import './cases/incident.mjs';
import './cases/plan.mjs';
import './cases/search.mjs';
import './cases/rules.mjs';
import './cases/enrolment.mjs';
import './cases/places.mjs';
import './cases/trouble.mjs';

await start();
const failed = await runAll(users, process.env.HAIDANG_CASES);
await stop();
process.exit(failed > 0 ? 1 : 0);
