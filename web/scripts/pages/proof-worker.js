// ALTCHA's worker for PBKDF2, as a file of its own: the pages' policy allows no worker made of text.
import 'altcha/workers/pbkdf2';
