import { answer } from './receive.js';

onconnect = ({ ports: [port] }) => {
  port.onmessage = ({ data }) => answer(port, data);
};
