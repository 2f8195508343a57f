"""The storefront's pages. Every one works without scripts; scripts only fetch the same pages and swap their parts."""
