// A log line with the wanted parts marked.
import { Fragment } from 'react';
import { marked } from './query';

export function Line({ text, words }: { text: string; words: string[] }) {
  return (
    <>
      {marked(text, words).map((p, i) => (p.mark ? <mark key={i}>{p.text}</mark> : <Fragment key={i}>{p.text}</Fragment>))}
    </>
  );
}
