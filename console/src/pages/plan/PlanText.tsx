// The plan's own text: which sentences are looked after, which order nothing, which nobody minds.
import { Link } from 'react-router-dom';
import { useGet } from '../../api/client';
import { address } from '../../parts/address';
import { Page, Panel, Shown } from '../../parts/page';
import { useText } from '../../text';

/** The text is kept as it was typed, with marks of headings and bold; people read it without. */
const plain = (text: string) => text.replace(/\*+/g, '').replace(/^#+ ?/gm, '').replace(/\n{3,}/g, '\n\n');

export default function PlanText() {
  const { t, percent } = useText();
  const coverage = useGet('/plan/coverage');
  const plan = useGet('/plan');
  const clauseOf = (id: string) => plan.data?.obligations.find((o) => o.id === id)?.clause ?? id;
  return (
    <Page title={t('place.text')} sub={coverage.data && `${coverage.data.plan.number} · ${coverage.data.plan.title}`} className="narrow">
      <Shown of={coverage}>
        {(c) => {
          const all = c.covered + c.aside + c.missed;
          return (
            <>
              <ul className="legend">
                <li className="piece-legend text-covered">{t('text.covered', { share: percent(c.covered, all) })}</li>
                <li className="piece-legend text-aside">{t('text.aside', { share: percent(c.aside, all) })}</li>
                <li className="piece-legend text-missed">{t('text.missed', { share: percent(c.missed, all) })}</li>
              </ul>
              <Panel className="plan-text">
                {c.pieces.map((p, i) =>
                  p.kind === 'covered' && p.obligations[0] ? (
                    <Link key={i} className="text-covered" to={address('/plan', { clause: clauseOf(p.obligations[0]) })} title={p.obligations.join(', ')}>
                      {plain(p.text)}
                    </Link>
                  ) : (
                    <span key={i} className={`text-${p.kind}`} title={p.why ?? (p.kind === 'missed' ? t('text.missed_why') : undefined)}>
                      {plain(p.text)}
                    </span>
                  ),
                )}
              </Panel>
            </>
          );
        }}
      </Shown>
    </Page>
  );
}
