"""Makes testdata/numpy.json: small networks, and what the book's algorithm makes of
them in numpy.

    python3 testdata/make_numpy.py

The Go code works on whole mini-batches, one example per row, with weights of shape
nIn x nOut. This is the book's own way (network.py in chapter 1): one example at a
time, a column vector, weights nOut x nIn. Two programs so different that agree on
every weight are unlikely to be wrong in the same place.

All is float64. The first cases are chapter 1's, the quadratic cost alone. The others
say which cost and lambda they have; costs and the step are those of network2.py in
chapter 3, totalCost is its total_cost before the first step and after three, and monitors
are its four monitors.
Everything in the file is in the book's
orientation: weights[l][k][j] is the weight from neuron j of layer l to neuron k of
layer l + 1, biases[l][k] the bias of neuron k of layer l + 1. nablaW and nablaB are
sums over all examples, neither averaged nor multiplied by eta. The same machine writes
the same file every time; another's numpy may add in another order, and differ in the
last bits.
"""

import json
import os

import numpy as np

EXAMPLES, PIXELS, DIGITS = 8, 12, 10
BATCHES = [3, 3, 2]  # mini-batch sizes that do not divide the set evenly
PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'numpy.json')


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def sigmoid_prime(z):
    return sigmoid(z) * (1 - sigmoid(z))


class QuadraticCost:
    @staticmethod
    def fn(a, y):
        return 0.5 * np.sum((a - y) ** 2)

    @staticmethod
    def delta(z, a, y):
        return (a - y) * sigmoid_prime(z)


class CrossEntropyCost:
    @staticmethod
    def fn(a, y):
        return np.sum(np.nan_to_num(-y * np.log(a) - (1 - y) * np.log(1 - a)))

    @staticmethod
    def delta(z, a, y):
        return a - y


class Network:
    """The book's network. Biases are columns (nOut x 1)."""

    def __init__(self, sizes, weights, biases, cost=QuadraticCost):
        self.num_layers = len(sizes)
        self.sizes = sizes
        self.weights = [w.copy() for w in weights]
        self.biases = [b.copy() for b in biases]
        self.cost = cost

    def feedforward(self, a):
        for b, w in zip(self.biases, self.weights):
            a = sigmoid(np.dot(w, a) + b)
        return a

    def update_mini_batch(self, mini_batch, eta, lmbda, n):
        nabla_b, nabla_w = self.nablas(mini_batch)
        self.weights = [(1 - eta * (lmbda / n)) * w - (eta / len(mini_batch)) * nw
                        for w, nw in zip(self.weights, nabla_w)]
        self.biases = [b - (eta / len(mini_batch)) * nb
                       for b, nb in zip(self.biases, nabla_b)]

    def nablas(self, mini_batch):
        """The gradient of the cost, summed over the mini-batch."""
        nabla_b = [np.zeros(b.shape) for b in self.biases]
        nabla_w = [np.zeros(w.shape) for w in self.weights]
        for x, y in mini_batch:
            delta_nabla_b, delta_nabla_w = self.backprop(x, y)
            nabla_b = [nb + dnb for nb, dnb in zip(nabla_b, delta_nabla_b)]
            nabla_w = [nw + dnw for nw, dnw in zip(nabla_w, delta_nabla_w)]
        return nabla_b, nabla_w

    def backprop(self, x, y):
        nabla_b = [np.zeros(b.shape) for b in self.biases]
        nabla_w = [np.zeros(w.shape) for w in self.weights]
        activation = x
        activations = [x]
        zs = []
        for b, w in zip(self.biases, self.weights):
            z = np.dot(w, activation) + b
            zs.append(z)
            activation = sigmoid(z)
            activations.append(activation)
        delta = self.cost.delta(zs[-1], activations[-1], y)
        nabla_b[-1] = delta
        nabla_w[-1] = np.dot(delta, activations[-2].transpose())
        for l in range(2, self.num_layers):
            delta = np.dot(self.weights[-l + 1].transpose(), delta) * sigmoid_prime(zs[-l])
            nabla_b[-l] = delta
            nabla_w[-l] = np.dot(delta, activations[-l - 1].transpose())
        return nabla_b, nabla_w

    def summed_cost(self, examples):
        """The cost, summed over the examples as nablas is."""
        return sum(self.cost.fn(self.feedforward(x), y) for x, y in examples)

    def total_cost(self, data, lmbda):
        cost = 0.0
        for x, y in data:
            cost += self.cost.fn(self.feedforward(x), y) / len(data)
        cost += 0.5 * (lmbda / len(data)) * sum(
            np.linalg.norm(w) ** 2 for w in self.weights)
        return cost

    def correct(self, examples):
        return sum(int(np.argmax(self.feedforward(x)) == np.argmax(y))
                   for x, y in examples)


def draw_pixels(rng):
    """Levels 0..255, about half of them 0. As in MNIST, the first pixel (a corner)
    is 0 in all images; image 2 is blank, and image 5 has no other 0."""
    levels = rng.integers(1, 256, (EXAMPLES, PIXELS))
    levels[rng.random((EXAMPLES, PIXELS)) < 0.45] = 0
    levels[2] = 0
    levels[5] = rng.integers(1, 256, PIXELS)
    levels[:, 0] = 0
    return levels


def one_hot(label):
    y = np.zeros((DIGITS, 1))
    y[label] = 1.0
    return y


def check_gradient(net, examples):
    """Backprop must agree with the slope of the cost, felt out weight by weight."""
    nabla_b, nabla_w = net.nablas(examples)
    h = 1e-5
    for values, nabla in zip(net.weights + net.biases, nabla_w + nabla_b):
        for index in np.ndindex(values.shape):
            kept = values[index]
            values[index] = kept + h
            above = net.summed_cost(examples)
            values[index] = kept - h
            below = net.summed_cost(examples)
            values[index] = kept
            assert abs((above - below) / (2 * h) - nabla[index]) < 1e-8


def lists(weights, biases):
    """Weights and biases as JSON has them: no columns, just lists."""
    return {'weights': [w.tolist() for w in weights],
            'biases': [b.ravel().tolist() for b in biases]}


def trained(net, mini_batches, eta, lmbda):
    """A copy of the network, trained on the mini-batches in turn."""
    copy = Network(net.sizes, net.weights, net.biases, net.cost)
    for mini_batch in mini_batches:
        copy.update_mini_batch(mini_batch, eta, lmbda, EXAMPLES)
    return copy


def case(name, sizes, eta, seed, cost=QuadraticCost, lmbda=0.0):
    """One network with its examples, and everything computed from them."""
    rng = np.random.default_rng(seed)
    weights = [rng.standard_normal((k, j)) for j, k in zip(sizes[:-1], sizes[1:])]
    biases = [rng.standard_normal((k, 1)) for k in sizes[1:]]
    levels = draw_pixels(rng)
    labels = rng.permutation(DIGITS)[:EXAMPLES]

    net = Network(sizes, weights, biases, cost)
    examples = [(row.reshape(PIXELS, 1) / 256, one_hot(label))
                for row, label in zip(levels, labels)]
    check_gradient(net, examples)

    nabla_b, nabla_w = net.nablas(examples)
    after_one = trained(net, [examples], eta, lmbda)
    after_three = trained(net, [examples] * 3, eta, lmbda)
    ends = np.cumsum(BATCHES)
    after_batches = trained(net, [examples[end - n:end] for n, end in zip(BATCHES, ends)],
                            eta, lmbda)
    nabla = lists(nabla_w, nabla_b)
    return {
        'name': name,
        'sizes': sizes,
        'eta': eta,
        'pixels': levels.tolist(),  # to be divided by 256
        'labels': labels.tolist(),
        **lists(weights, biases),
        'outputs': [net.feedforward(x).ravel().tolist() for x, _ in examples],
        'nablaW': nabla['weights'],
        'nablaB': nabla['biases'],
        'correct': net.correct(examples),
        'afterOne': lists(after_one.weights, after_one.biases),
        'afterThree': lists(after_three.weights, after_three.biases),
        'correctAfterThree': after_three.correct(examples),
        'batches': BATCHES,
        'afterBatches': lists(after_batches.weights, after_batches.biases),
    }


def monitors(net, examples, eta, lmbda):
    """What network2.py's four monitors say after 20 epochs: cost and accuracy on the
    training data, the first 5 examples, and on the evaluation data, the others."""
    training, evaluation = examples[:5], examples[5:]
    net = Network(net.sizes, net.weights, net.biases, net.cost)
    for _ in range(20):
        net.update_mini_batch(training, eta, lmbda, len(training))
    return [net.total_cost(training, lmbda), net.correct(training),
            net.total_cost(evaluation, lmbda), net.correct(evaluation)]


def case3(name, sizes, eta, seed, cost, lmbda):
    """A case of chapter 3, with the cost besides."""
    c = case(name, sizes, eta, seed, cost, lmbda)
    examples = [(np.array(row).reshape(PIXELS, 1) / 256, one_hot(label))
                for row, label in zip(c['pixels'], c['labels'])]
    totals, nets = [], []
    for n in c, c['afterThree']:
        nets.append(Network(sizes, [np.array(w) for w in n['weights']],
                            [np.array(b).reshape(-1, 1) for b in n['biases']], cost))
        totals.append(nets[-1].total_cost(examples, lmbda))
    return {**c, 'cost': cost.__name__, 'lambda': lmbda, 'totalCost': totals,
            'monitors': monitors(nets[0], examples, eta, lmbda)}


def pretty(value, indent=''):
    """JSON with one line for each list of numbers, so that a diff can be read."""
    deeper = indent + ' '
    if isinstance(value, dict):
        items = [f'{json.dumps(k)}: {pretty(v, deeper)}' for k, v in value.items()]
        opening, closing = '{', '}'
    elif isinstance(value, list) and value and isinstance(value[0], (list, dict)):
        items = [pretty(v, deeper) for v in value]
        opening, closing = '[', ']'
    else:
        return json.dumps(value)
    return f'{opening}\n{deeper}' + f',\n{deeper}'.join(items) + f'\n{indent}{closing}'


def main():
    cases = [
        case('no hidden layer', [PIXELS, DIGITS], 3.0, seed=21),
        case('one hidden layer', [PIXELS, 5, DIGITS], 3.0, seed=6),
        case('two hidden layers', [PIXELS, 6, 5, DIGITS], 0.5, seed=12),
        case3('quadratic', [PIXELS, 5, DIGITS], 3.0, 31, QuadraticCost, 0.0),
        case3('quadratic, lambda', [PIXELS, 5, DIGITS], 3.0, 32, QuadraticCost, 0.7),
        case3('cross-entropy', [PIXELS, 5, DIGITS], 0.5, 33, CrossEntropyCost, 0.0),
        case3('cross-entropy, lambda', [PIXELS, 6, 5, DIGITS], 0.5, 34, CrossEntropyCost, 3.0),
    ]
    for c in cases:
        print(f"{c['name']}: {c['correct']} of {EXAMPLES} right at the start, "
              f"{c['correctAfterThree']} after three steps")
    with open(PATH, 'w') as f:
        f.write(pretty(cases) + '\n')


if __name__ == '__main__':
    main()
