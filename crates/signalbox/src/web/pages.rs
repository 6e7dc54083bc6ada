//! Page views: what each template needs, as plain words. Everything is decided before the template sees it.
