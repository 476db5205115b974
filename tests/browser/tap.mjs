// TAP: a case is a sentence and a function; what it throws is why it failed.

const cases = [];

/** Adds a case. `needs`: roles without whose users it is skipped. */
export function test(sentence, needs, run) {
  cases.push({ sentence, needs, run });
}

export function check(holds, why) {
  if (!holds) throw new Error(why);
}

function say(error) {
  for (const line of String(error.message ?? error).split('\n').slice(0, 30)) console.log(`# ${line}`);
}

/** Runs one case; what it threw, or null. */
async function attempt(run, patience) {
  let timer;
  try {
    const late = new Promise((_, refuse) => {
      timer = setTimeout(() => refuse(new Error(`took longer than ${patience / 1000} s`)), patience);
    });
    await Promise.race([run(), late]);
    return null;
  } catch (error) {
    return error;
  } finally {
    clearTimeout(timer);
  }
}

/** Runs all cases in order, one after the other; returns how many failed. */
export async function runAll(users, only, patience = 300_000) {
  let number = 0;
  let failed = 0;
  let again = 0;
  for (const { sentence, needs, run } of cases) {
    if (only && !sentence.includes(only)) continue;
    number++;
    const missing = needs.filter((role) => !users[role]);
    if (missing.length > 0) {
      console.log(`ok ${number} - ${sentence} # SKIP no user for ${missing.join(', ')}`);
      continue;
    }
    const began = Date.now();
    let error = await attempt(run, patience);
    if (error) {
      // A busy machine makes a browser late; a fault of ours fails again. Both are said and counted.
      again++;
      console.log(`# tried once more: ${sentence}`);
      say(error);
      error = await attempt(run, patience);
    }
    console.log(`${error ? 'not ok' : 'ok'} ${number} - ${sentence}`);
    console.log(`# ${((Date.now() - began) / 1000).toFixed(1)} s`);
    if (error) {
      failed++;
      say(error);
    }
  }
  console.log(`1..${number}`);
  if (again > 0) console.log(`# repeated ${again} of ${number} cases`);
  return failed;
}
