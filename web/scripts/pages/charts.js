// Draws every plot that a page asks for with data-chart.

import { draw } from '../bars.js';

document.querySelectorAll('[data-chart]').forEach(draw);
