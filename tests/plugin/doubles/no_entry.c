/* A library, but no plugin. */
__attribute__((visibility("default"))) int something_else = 1;
