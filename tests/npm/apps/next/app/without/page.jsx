import { Shown } from '../shown.jsx';

export default function Page() {
  return <Shown lines={['nothing']} state="ready" />;
}
