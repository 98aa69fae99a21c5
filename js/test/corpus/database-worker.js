// The engine's worker where data go into a database.

import './no-file-system.js';
import '../../src/worker-thread.js';
