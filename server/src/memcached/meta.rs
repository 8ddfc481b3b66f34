//! The place of the meta commands (`mg ms md ma me mn`), which come with a later issue.
//!
//! Until then they are answered as by a memcached that is too old for them: `ERROR`. Clients find out so.
