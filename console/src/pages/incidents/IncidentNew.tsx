// An incident opened by hand: somebody called, or saw it.
import { Button, Input, Select } from 'antd';
import { useState, type FormEvent } from 'react';
import { useNavigate } from 'react-router-dom';
import { useSession } from '../../app/session';
import { useChange, useGet, type Schemas } from '../../api/client';
import { useDraft } from '../../parts/draft';
import { severities } from '../../parts/marks';
import { Page, Panel, Trouble } from '../../parts/page';
import { useText } from '../../text';

export default function IncidentNew() {
  const { t } = useText();
  const session = useSession();
  const go = useNavigate();
  const [title, setTitle, dropTitle] = useDraft('incident.title', '');
  const [words, setWords, dropWords] = useDraft('incident.words', '');
  const [severity, setSeverity] = useState<Schemas['Severity']>('medium');
  const [agency, setAgency] = useState<string | undefined>(session.agency?.id);
  const [system, setSystem] = useState<string | undefined>();
  const agencies = useGet('/agencies', { query: { limit: 1000 } });
  const systems = useGet('/systems', { query: { agency, limit: 1000 } }, { enabled: agency !== undefined });
  const create = useChange('post', '/incidents');
  const ready = title.trim().length >= 3 && agency !== undefined;
  const submit = (e: FormEvent) => {
    e.preventDefault();
    if (!ready) return;
    create.mutate(
      { body: { title: title.trim(), severity, agency: agency!, system, description: words.trim() || undefined } },
      {
        onSuccess: (made) => {
          dropTitle();
          dropWords();
          go(`/incidents/${made.id}`, { replace: true });
        },
      },
    );
  };
  return (
    <Page title={t('incidents.new')} sub={t('incidents.new_sub')} className="narrow">
      <Panel>
        <form className="form" onSubmit={submit}>
          {create.error && <Trouble error={create.error} />}
          <label htmlFor="title">{t('incidents.title')}</label>
          <Input id="title" value={title} autoFocus maxLength={300} placeholder={t('incidents.title_example')} onChange={(e) => setTitle(e.target.value)} />
          <label htmlFor="agency">{t('field.agency')}</label>
          <Select id="agency" value={agency} disabled={session.role === 'agency'} showSearch={{ optionFilterProp: 'label' }} onChange={(a: string) => { setAgency(a); setSystem(undefined); }}
            options={(agencies.data?.items ?? []).map((a) => ({ value: a.id, label: a.name }))} />
          <label htmlFor="system">{t('field.system')}</label>
          <Select id="system" value={system} allowClear disabled={!agency} onChange={setSystem} placeholder={t('incidents.system_unknown')}
            options={(systems.data?.items ?? []).map((s) => ({ value: s.id, label: s.name }))} />
          <label htmlFor="severity">{t('incidents.severity')}</label>
          <Select id="severity" value={severity} onChange={setSeverity} options={severities.map((s) => ({ value: s, label: t(`level.${s}`) }))} />
          <label htmlFor="words">{t('incidents.description')}</label>
          <Input.TextArea id="words" rows={4} value={words} maxLength={10000} onChange={(e) => setWords(e.target.value)} />
          <div className="form-row">
            <Button type="primary" htmlType="submit" loading={create.isPending} disabled={!ready}>
              {t('incidents.open_it')}
            </Button>
            <span className="quiet">{ready ? t('common.draft_kept') : t('incidents.what_is_missing')}</span>
          </div>
        </form>
      </Panel>
    </Page>
  );
}
