import { connect } from 'tidewire';
import { follow } from './follow.js';

follow(connect);
