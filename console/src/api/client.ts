// The one way to the server: typed by openapi.yaml, every failure becomes a Problem with a
// sentence for people.
import {
  keepPreviousData,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
  type InfiniteData,
  type UseQueryOptions,
  type UseQueryResult,
} from '@tanstack/react-query';
import createClient from 'openapi-fetch';
import type { components, paths } from './schema';

export type Schemas = components['schemas'];
type Json<R> = R extends { content: { 'application/json': infer T } } ? T : never;
type Method<P extends keyof paths, M extends 'get' | 'post' | 'patch' | 'delete'> = NonNullable<paths[P][M]>;
type Responses<O> = O extends { responses: infer R } ? R : never;
export type Answer<O> =
  Responses<O> extends infer R ? (200 extends keyof R ? Json<R[200]> : 201 extends keyof R ? Json<R[201]> : undefined) : never;
type Parameters<O> = O extends { parameters: infer P } ? P : never;
type QueryOf<O> = Parameters<O> extends { query?: infer Q } ? Q : never;
type PathOf<O> = Parameters<O> extends { path: infer P } ? P : undefined;
type BodyOf<O> = O extends { requestBody: { content: { 'application/json': infer B } } } ? B : undefined;
export type GetPath = { [P in keyof paths]: paths[P] extends { get: unknown } ? P : never }[keyof paths];

/** What went wrong, in words. `status` 0: the server did not answer at all. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    sentence: string,
    readonly place: string | null = null,
    readonly hint: string | null = null,
  ) {
    super(sentence);
  }
}

const state = { csrf: '', language: 'vi' };
export const setCsrf = (token: string) => (state.csrf = token);
export const setLanguageHeader = (language: string) => (state.language = language);

const client = createClient<paths>({ baseUrl: '/api/v1', credentials: 'same-origin' });
client.use({
  onRequest({ request }) {
    request.headers.set('Accept-Language', state.language);
    if (request.method !== 'GET' && state.csrf) request.headers.set('X-Haidang-Csrf', state.csrf);
    return request;
  },
});

interface Outcome {
  data?: unknown;
  error?: unknown;
  response: Response;
}
type Call = (path: string, init: object) => Promise<Outcome>;

/** One call; throws a Problem. Proxies that answer with a page of their own count as a dead server. */
export async function call(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, init: object): Promise<unknown> {
  let outcome: Outcome;
  try {
    outcome = await (client[method] as unknown as Call)(path, init);
  } catch (failure) {
    if (failure instanceof DOMException && failure.name === 'AbortError') throw failure;
    throw new Problem(0, 'no_answer', '');
  }
  if (outcome.response.ok) return outcome.data;
  const error = (outcome.error as Schemas['Error'] | undefined)?.error;
  if (!error || typeof error !== 'object') {
    const status = outcome.response.status;
    throw new Problem(status >= 502 || status === 500 ? 0 : status, 'no_answer', '');
  }
  throw new Problem(outcome.response.status, error.code, error.sentence, error.place, error.hint);
}

export type StreamLine = Schemas['StreamLine'];

const asked = (query: object) =>
  new URLSearchParams(Object.entries(tidy(query) ?? {}).map(([name, value]) => [name, String(value)])).toString();

async function refusal(response: Response): Promise<Problem> {
  const body = (await response.json().catch(() => null)) as Schemas['Error'] | null;
  const { status } = response;
  if (!body?.error) return new Problem(status >= 500 ? 0 : status, 'no_answer', '');
  return new Problem(status, body.error.code, body.error.sentence, body.error.place, body.error.hint);
}

async function start(method: 'GET' | 'POST', path: string, body: object | undefined, signal: AbortSignal | undefined): Promise<Response> {
  const headers: Record<string, string> = { 'Accept-Language': state.language };
  if (body) Object.assign(headers, { 'Content-Type': 'application/json', 'X-Haidang-Csrf': state.csrf });
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, { method, credentials: 'same-origin', signal, headers, body: body && JSON.stringify(body) });
  } catch (failure) {
    if (failure instanceof DOMException && failure.name === 'AbortError') throw failure;
    throw new Problem(0, 'no_answer', '');
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

/** Lines as they come, those of one piece together. To abort is to stop what makes them. Throws a Problem,
 * also for the line that says what went wrong on the way. */
async function takeLines<L extends { error?: Schemas['Fault'] }>(response: Response, take: (lines: L[]) => void): Promise<void> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read().catch((failure: unknown) => {
      if (failure instanceof DOMException && failure.name === 'AbortError') throw failure;
      throw new Problem(0, 'no_answer', '');
    });
    if (done) return;
    const pieces = (rest + value).split('\n');
    rest = pieces.pop()!;
    const lines = pieces.map((piece) => JSON.parse(piece) as L);
    const wrong = lines.find((line) => line.error)?.error;
    take(wrong ? lines.filter((line) => !line.error) : lines);
    if (wrong) throw new Problem(500, wrong.code, wrong.sentence, wrong.place, wrong.hint);
  }
}

/** A search's lines; takeLines says how. */
export async function streamLines(path: '/events/stream' | '/events/live', query: object, take: (lines: StreamLine[]) => void, signal: AbortSignal): Promise<void> {
  await takeLines(await start('GET', `${path}?${asked(query)}`, undefined, signal), take);
}

/** The same of a question that is too long for an address. */
export async function postLines<L extends { error?: Schemas['Fault'] }>(path: '/rules/backtest', body: object, take: (lines: L[]) => void, signal: AbortSignal): Promise<void> {
  await takeLines(await start('POST', path, body, signal), take);
}

/** A file that the server makes of what is asked. */
export async function fetchFile(path: string, body: object): Promise<Blob> {
  const response = await start('POST', path, body, undefined);
  return response.blob().catch(() => {
    throw new Problem(0, 'no_answer', '');
  });
}

export interface GetInit<P extends GetPath> {
  query?: QueryOf<Method<P, 'get'>>;
  path?: PathOf<Method<P, 'get'>>;
}

/** Leaves out what is not set, so that the address of a request is the same for the same thing. */
function tidy(query: object | undefined): object | undefined {
  if (!query) return undefined;
  return Object.fromEntries(Object.entries(query).filter(([, v]) => v !== undefined && v !== null && v !== '' && v !== false));
}

export function fetchOnce<P extends GetPath>(path: P, init: GetInit<P> = {}, signal?: AbortSignal): Promise<Answer<Method<P, 'get'>>> {
  return call('GET', path, { params: { query: tidy(init.query as object), path: init.path }, signal }) as Promise<
    Answer<Method<P, 'get'>>
  >;
}

export interface GetOptions {
  enabled?: boolean;
  every?: number | false;
  keep?: boolean;
}

export function useGet<P extends GetPath>(path: P, init: GetInit<P> = {}, options: GetOptions = {}) {
  type A = Answer<Method<P, 'get'>>;
  return useQuery({
    queryKey: [path, init.path ?? null, tidy(init.query as object) ?? null],
    queryFn: ({ signal }) => fetchOnce(path, init, signal),
    enabled: options.enabled ?? true,
    refetchInterval: options.every ?? false,
    placeholderData: options.keep === false ? undefined : keepPreviousData,
  } as UseQueryOptions<unknown>) as UseQueryResult<A>;
}

interface Page {
  items: unknown[];
  next: string | null;
}

/** A list, page after page. `items` holds what has been fetched. */
export function useList<P extends GetPath>(path: P, query: QueryOf<Method<P, 'get'>>, options: GetOptions = {}) {
  type A = Answer<Method<P, 'get'>>;
  type Item = A extends { items: (infer I)[] } ? I : never;
  const result = useInfiniteQuery<Page, Error, InfiniteData<Page>, readonly unknown[], string>({
    queryKey: [path, 'list', tidy(query as object) ?? null],
    queryFn: ({ signal, pageParam }) =>
      fetchOnce(path, { query: { ...(query as object), cursor: pageParam || undefined } as never }, signal) as Promise<unknown> as Promise<Page>,
    initialPageParam: '',
    getNextPageParam: (last) => last.next,
    enabled: options.enabled ?? true,
    refetchInterval: options.every ?? false,
    placeholderData: options.keep === false ? undefined : keepPreviousData,
  });
  const pages = result.data?.pages as A[] | undefined;
  return {
    ...result,
    first: pages?.[0],
    last: pages?.[pages.length - 1],
    items: (result.data?.pages.flatMap((p) => p.items) ?? []) as Item[],
  };
}

type Writing = 'post' | 'patch' | 'delete';
export interface WriteInit<O> {
  path?: PathOf<O>;
  query?: QueryOf<O>;
  body?: BodyOf<O>;
}

/** A change; afterwards everything shown is asked anew. */
export function useChange<P extends keyof paths, M extends Writing>(method: M, path: P) {
  const queries = useQueryClient();
  type O = Method<P, M>;
  return useMutation<Answer<O>, Problem, WriteInit<O>>({
    mutationFn: (init) =>
      call(method.toUpperCase() as 'POST', path as string, { params: { path: init.path, query: tidy(init.query as object) }, body: init.body }) as Promise<Answer<O>>,
    onSuccess: () => {
      void queries.invalidateQueries();
    },
  });
}
