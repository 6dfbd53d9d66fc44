import { connect } from 'tidewire/url';
import { follow } from './follow.js';

follow(connect);
