// What is typed is kept on every change and comes back after a reload or a lost session.
import { useCallback, useState } from 'react';

export function useDraft(name: string, first: string): [string, (text: string) => void, () => void] {
  const key = `haidang.draft.${name}`;
  const [text, setText] = useState(() => sessionStorage.getItem(key) ?? first);
  const write = useCallback(
    (next: string) => {
      sessionStorage.setItem(key, next);
      setText(next);
    },
    [key],
  );
  const drop = useCallback(() => {
    sessionStorage.removeItem(key);
    setText(first);
  }, [key, first]);
  return [text, write, drop];
}
