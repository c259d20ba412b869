// Everything here makes a page more comfortable; no page needs it. Each module looks for its own
// data- attribute, so that a page asks for a comfort in its HTML and nowhere else.

import htmx from 'htmx.org';

import { askWhatApplies } from './asking.js';
import { confirmBefore } from './confirm.js';
import { copyOnPress } from './copy.js';
import { countWhileTyping } from './count.js';
import { focusErrors } from './focus.js';
import { warnBeforeLeaving } from './leave.js';
import { forgetLists } from './lists.js';
import { closeMenus } from './menu.js';
import { sendOnce } from './once.js';
import { printOnPress } from './print.js';

// The pages' content security policy allows neither eval nor styles in the page.
htmx.config.allowEval = false;
htmx.config.includeIndicatorStyles = false;
htmx.config.selfRequestsOnly = true;
htmx.config.historyCacheSize = 0; // pages hold personal data: none of it in local storage

document.documentElement.classList.add('has-script');
confirmBefore(document);
sendOnce(document);
warnBeforeLeaving(document);
copyOnPress(document);
printOnPress(document);
closeMenus(document);
forgetLists(document);
askWhatApplies(document);

// The script is deferred, so the page is complete; what htmx swaps in later is taken up as well.
focusErrors(document);
countWhileTyping(document);
document.addEventListener('htmx:load', (event) => countWhileTyping(event.target));
