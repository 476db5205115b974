// What the pipeline did not look at or could not count since it started: beside the rules, on the
// machine's page. A rule that is silent because nobody knows the log source looks like one that is fine.
import type { Schemas } from '../api/client';
import { useText } from '../text';

export function Losses({ of }: { of: Schemas['DetectionLosses'] }) {
  const { t, number, percent } = useText();
  if (!of) return <p className="quiet">{t('losses.down')}</p>;
  const lost = [of.dropped > 0 && t('losses.dropped', { n: number(of.dropped) }), of.regex_limit > 0 && t('losses.regex', { n: number(of.regex_limit) }), of.cut > 0 && t('losses.cut', { n: number(of.cut) })].filter(Boolean);
  return (
    <>
      <p>
        {t('losses.looked', { n: number(of.events) })}{' '}
        {of.unknown > 0 ? <strong>{t('losses.unknown', { n: number(of.unknown), share: percent(of.unknown, of.events) })}</strong> : t('losses.all_known')} {lost.length > 0 ? <strong>{lost.join('; ')}</strong> : t('losses.nothing')}
      </p>
      {of.sources.length > 0 && (
        <details>
          <summary>{t('losses.sources', { n: number(of.sources.length) })}</summary>
          <table className="why" aria-label={t('losses.sources', { n: number(of.sources.length) })}>
            <tbody>
              {of.sources.map((s) => (
                <tr key={s.name}>
                  <td className="end">≈ {number(s.events)}</td>
                  <td className="mono">{s.name}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </>
  );
}
