import { show, tell } from './show.js';

show('nothing');
tell('ready');
