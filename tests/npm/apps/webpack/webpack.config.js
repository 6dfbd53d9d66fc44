// Nothing but the pages: one for each entry of Tidewire.

const pages = ['default', 'url', 'slim', 'worker', 'without'];

export default {
  mode: 'production',
  entry: Object.fromEntries(pages.map((page) => [page, `./src/${page}.js`])),
};
