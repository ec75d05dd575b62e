"""Makes the table of MoreClassMetricsTest: scikit-learn's values for logits that Java draws likewise.

Run with numpy 2.4.6 and scikit-learn 1.9.1; calibration, which scikit-learn lacks, is numpy's.
"""

import numpy as np
from sklearn import metrics

ROWS = 300


def drawn(count, seed):
    values = []
    for _ in range(count):
        seed = (seed * 1103515245 + 12345) % 2**31
        values.append(seed // 65536)
    return np.array(values)


def case(columns, coarse):
    classes = max(columns, 2)
    values = drawn(ROWS * (columns + 1), 7 * columns + coarse)
    logits = (values[: ROWS * columns] % 1001 - 500) / 125.0
    logits = (np.rint(logits) if coarse else logits).astype(np.float32).reshape(ROWS, columns)
    targets = values[ROWS * columns :] % classes
    for row in range(0, ROWS, 2):  # half of the rows know their class better
        if columns == 1:
            logits[row, 0] += 2 if targets[row] else -2
        else:
            logits[row, targets[row]] += 2
    return logits, targets


def softmax(logits):
    logits = logits.astype(np.float64)
    if logits.shape[1] == 1:
        logits = np.hstack([np.zeros_like(logits), logits])
    exponentials = np.exp(logits - logits.max(1, keepdims=True))
    return exponentials / exponentials.sum(1, keepdims=True)


def calibration_error(probabilities, targets):
    sure, answers = probabilities.max(1), probabilities.argmax(1)
    edges = np.linspace(0, 1, 16)
    error = 0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (sure > low) & (sure <= high)
        if inside.any():
            right = (answers[inside] == targets[inside]).mean()
            error += inside.mean() * abs(right - sure[inside].mean())
    return error


for columns in (1, 2, 3, 10):
    for coarse in (False, True):
        logits, targets = case(columns, coarse)
        p = softmax(logits)
        answers = p.argmax(1)
        if columns <= 2:
            precision = metrics.average_precision_score(targets, np.log(p[:, 1] / p[:, 0]).round(9))
            brier = metrics.brier_score_loss(targets, p[:, 1])
        else:
            odds = (np.log(p) - np.log1p(-p)).round(9)  # rounded, so that equal odds tie
            precision = np.mean(
                [metrics.average_precision_score(targets == k, odds[:, k]) for k in range(columns)]
            )
            brier = metrics.brier_score_loss(targets, p)
        row = [
            metrics.f1_score(targets, answers, average="macro"),
            metrics.balanced_accuracy_score(targets, answers),
            precision,
            metrics.matthews_corrcoef(targets, answers),
            brier,
            calibration_error(p, targets),
        ]
        print(f"{columns}, {int(coarse)}, " + ", ".join(repr(float(value)) for value in row))
