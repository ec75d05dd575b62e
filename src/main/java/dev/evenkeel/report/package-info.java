/**
 * A run as a page to look at: what its folder says, drawn by uPlot, which is written into the page.
 */
package dev.evenkeel.report;
