// Nothing but the pages: one for each entry of Tidewire.

const pages = ['default', 'url', 'slim', 'without'];

export default {
  mode: 'production',
  entry: Object.fromEntries(pages.map((page) => [page, `./src/${page}.js`])),
};
