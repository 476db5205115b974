import { createRoot } from 'react-dom/client';
import { App } from './app/App';
import './look/fonts.css';
import './look/look.css';

createRoot(document.getElementById('root')!).render(<App />);
