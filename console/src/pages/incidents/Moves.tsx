// What can be done with the incident now, as the server's table of moves says.
import { Button, Input, Select } from 'antd';
import { useState } from 'react';
import { useChange, type Schemas } from '../../api/client';
import { useDraft } from '../../parts/draft';
import { severities } from '../../parts/marks';
import { Trouble } from '../../parts/page';
import { useText } from '../../text';

type Name = Schemas['IncidentMoveName'];
const onward: readonly Name[] = ['confirm', 'contain', 'eradicate', 'recover', 'close', 'reopen', 'reject'];
const wordy: readonly Name[] = ['note', 'close', 'reject', 'reopen'];

export function Moves({ incident }: { incident: Schemas['Incident'] }) {
  const { t } = useText();
  const [note, setNote, drop] = useDraft(`note.${incident.id}`, '');
  const [asked, setAsked] = useState<Name | null>(null);
  const move = useChange('post', '/incidents/{incident}/moves');
  const send = (name: Name, severity?: Schemas['Severity']) => {
    if (wordy.includes(name) && note.trim() === '') {
      setAsked(name);
      document.getElementById('move-note')?.focus();
      return;
    }
    move.mutate(
      { path: { incident: incident.id }, body: { move: name, note: note.trim() || undefined, severity } },
      {
        onSuccess: () => {
          drop();
          setAsked(null);
        },
      },
    );
  };
  const can = (name: Name) => incident.moves.includes(name);
  return (
    <div className="moves">
      {move.error && <Trouble error={move.error} />}
      <label htmlFor="move-note">{t('incidents.note')}</label>
      <Input.TextArea id="move-note" rows={3} maxLength={10000} value={note} onChange={(e) => setNote(e.target.value)} status={asked && note.trim() === '' ? 'error' : undefined} aria-describedby="move-help" />
      <p id="move-help" className={asked && note.trim() === '' ? 'field-error' : 'quiet'}>
        {asked && note.trim() === '' ? t('incidents.note_needed', { move: t(`incident_move.${asked}`) }) : t('incidents.note_help')}
      </p>
      <div className="form-row">
        {onward.filter(can).map((name, i) => (
          <Button key={name} type={i === 0 && name !== 'reject' ? 'primary' : 'default'} danger={name === 'reject'} loading={move.isPending && move.variables?.body?.move === name} onClick={() => send(name)}>
            {t(`incident_move.${name}`)}
          </Button>
        ))}
        {can('tell') && <Button onClick={() => send('tell')}>{t('incident_move.tell')}</Button>}
        {can('note') && (
          <Button onClick={() => send('note')} disabled={note.trim() === ''}>
            {t('incident_move.note')}
          </Button>
        )}
      </div>
      {can('severity') && (
        <div className="form-row">
          <label htmlFor="move-severity">{t('incidents.severity')}</label>
          <Select id="move-severity" value={incident.severity} style={{ width: 160 }} onChange={(s) => send('severity', s)} options={severities.map((s) => ({ value: s, label: t(`level.${s}`) }))} />
        </div>
      )}
    </div>
  );
}
