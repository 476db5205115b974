import type { Schemas } from '../api/client';
import { useText } from '../text';
import { Sign } from './marks';

const sign = { well: 'met', warning: 'late', failed: 'not_met' } as const;

export function Checks({ checks }: { checks: Schemas['Doctor']['checks'] }) {
  const { t } = useText();
  const order = { failed: 0, warning: 1, well: 2 };
  return (
    <ul className="checks">
      {[...checks]
        .sort((a, b) => order[a.state] - order[b.state])
        .map((c) => (
          <li key={c.id}>
            <span className={`standing standing-${sign[c.state]}`}>
              <Sign standing={sign[c.state]} />
              {t(`machine.${c.state}`)}
            </span>
            <span>
              {c.sentence}
              {c.hint && <span className="quiet"> {c.hint}</span>}
            </span>
          </li>
        ))}
    </ul>
  );
}
