// The one theme: every colour and size of the console stands here. CSS reads them as variables
// (look.css), Ant Design as tokens. Beam amber is used only for 'needs you'.
import type { ThemeConfig } from 'antd';
import { theme as antd } from 'antd';

export type Mode = 'light' | 'dark';

const light = {
  ink: '#0b2239',
  text: '#14283c',
  quiet: '#56677a',
  ground: '#f5f7fa',
  surface: '#ffffff',
  sunken: '#f3f6f9',
  line: '#e0e6ed',
  hover: '#eef5fb',
  chosen: '#e2effa',
  accent: '#0a6ebd',
  'accent-fill': '#0a6ebd',
  beam: '#f5a623',
  'beam-soft': '#ffe9c2',
  met: '#16794a',
  due: '#0a6ebd',
  late: '#b8430b',
  'not-met': '#b81d1d',
  exempt: '#56677a',
  unknown: '#56677a',
  'late-soft': '#fdeee2',
  'not-met-soft': '#fbe6e6',
  'unknown-soft': '#e9edf2',
  'bar-soft': '#9cc6e8',
  rail: '#0b2239',
  'rail-text': '#c3d0de',
  'rail-chosen': '#14395f',
  'level-critical': '#b81d1d',
  'level-high': '#d2500f',
  'level-medium': '#b98421',
  'level-low': '#5b6f86',
  'level-informational': '#90a0b1',
};

const dark: typeof light = {
  ink: '#e8eef5',
  text: '#dbe4ee',
  quiet: '#9fb0c2',
  ground: '#0a1623',
  surface: '#101f30',
  sunken: '#0c1927',
  line: '#23364a',
  hover: '#16293d',
  chosen: '#173654',
  accent: '#62b1f2',
  'accent-fill': '#0a6ebd',
  beam: '#f5a623',
  'beam-soft': '#57400f',
  met: '#4cc38a',
  due: '#62b1f2',
  late: '#ff9a5c',
  'not-met': '#ff8080',
  exempt: '#9fb0c2',
  unknown: '#9fb0c2',
  'late-soft': '#3b2517',
  'not-met-soft': '#3d1c22',
  'unknown-soft': '#1c2d3f',
  'bar-soft': '#2f5f8a',
  rail: '#071019',
  'rail-text': '#b3c2d2',
  'rail-chosen': '#13304d',
  'level-critical': '#f05252',
  'level-high': '#f0803c',
  'level-medium': '#d6a443',
  'level-low': '#7e93aa',
  'level-informational': '#5f7286',
};

export const palettes = { light, dark };
/** Of things side by side in one chart: none of a standing, none that says 'needs you'. */
export const series: Record<Mode, readonly string[]> = {
  light: ['#0a6ebd', '#6b4fa0', '#0f8a8a', '#a0527a', '#5b7083', '#7a6a2f', '#2f9fd6', '#9aa8b5'],
  dark: ['#4aa3e0', '#a58bd8', '#3fb8b3', '#d488b0', '#93a6b8', '#b8a766', '#7cc4ee', '#66788a'],
};
export type Colour = keyof typeof light;

export const family =
  "'Be Vietnam Pro', system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif";

/** Writes the palette to the page as CSS variables. */
export function applyMode(mode: Mode): void {
  const root = document.documentElement;
  for (const [name, value] of Object.entries(palettes[mode])) root.style.setProperty(`--${name}`, value);
  root.style.setProperty('--family', family);
  root.dataset.mode = mode;
  root.style.colorScheme = mode;
}

/** The same palette as Ant Design tokens. */
export function antTheme(mode: Mode): ThemeConfig {
  const p = palettes[mode];
  return {
    algorithm: mode === 'dark' ? antd.darkAlgorithm : antd.defaultAlgorithm,
    hashed: false,
    token: {
      // lists and dialogues would wait for the end of a movement that the style sheet forbids
      motion: !window.matchMedia('(prefers-reduced-motion: reduce)').matches,
      colorPrimary: p['accent-fill'],
      colorLink: p.accent,
      colorText: p.text,
      colorTextSecondary: p.quiet,
      colorTextDescription: p.quiet,
      colorTextPlaceholder: p.quiet,
      colorBgContainer: p.surface,
      colorBgElevated: p.surface,
      colorBgLayout: p.ground,
      colorBorder: mode === 'dark' ? '#3a5068' : '#c9d3de',
      colorBorderSecondary: p.line,
      colorError: p['not-met'],
      colorWarning: p.late,
      colorSuccess: p.met,
      borderRadius: 6,
      fontSize: 13,
      fontFamily: family,
      controlHeight: 30,
      controlHeightLG: 38,
      fontSizeLG: 14,
      sizeUnit: 4,
      motionDurationMid: '0.12s',
      motionDurationSlow: '0.16s',
    },
  };
}
