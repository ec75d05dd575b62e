/** Measures of a whole set's predictions, on the host: accuracy, losses, areas and errors. */
package dev.evenkeel.metric;
