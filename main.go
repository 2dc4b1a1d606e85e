// Digits learns to read handwritten digits.
//
// It is the program of chapter 1 of Michael Nielsen's Neural Networks and Deep
// Learning (http://neuralnetworksanddeeplearning.com/chap1.html) in plain Go:
// a network of sigmoid neurons, trained by mini-batch stochastic gradient
// descent with backpropagation. Flags add what chapter 3 does: the cross-entropy
// cost, better first weights, regularization, early stopping.
//
//	go run . -epochs 30
//
// prints how many of the test digits the network reads rightly after each
// epoch:
//
//	Epoch 0: 9129 / 10000
//	Epoch 1: 9253 / 10000
//	...
//
// digits -h lists the flags. Results go to standard output, everything else to
// standard error. The exit status is 0; 1 when a file or the training fails;
// 2 when the command line is wrong.
//
// The files are written to be read in this order, and none needs a later one
// to be understood:
//
//	main.go     the command: flags, which data, the run
//	network.go  the network: made, trained, asked, measured
//	matrix.go   the matrix and the loops where all the time goes
//	loader.go   from the bytes of a file to numbers: a pickle decoder, MNIST
package main

import (
	"bytes"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"time"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is the whole command: it returns the exit status.
func run(args []string, stdout, stderr io.Writer) int {
	o, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		o.flags.SetOutput(stdout)
		o.flags.Usage()
		return 0
	}
	if err == nil {
		err = train(o, stdout, stderr)
	}
	if err == nil {
		return 0
	}
	fmt.Fprintf(stderr, "digits: %v\n", err)
	var usage usageError
	if errors.As(err, &usage) {
		return 2
	}
	return 1
}

// A usageError says what is wrong with the command line.
type usageError string

func (e usageError) Error() string { return string(e) + " (digits -h lists the flags)" }

// options are the flags, read and checked.
type options struct {
	flags  *flag.FlagSet
	data   string
	hidden []int
	epochs int
	batch  int
	eta    float64
	seed   int64

	cost     string // a key of costs
	init     string // "normal" or "scaled"
	lambda   float64
	patience int // 0 is none
	shift    int
}

// costs are the values of -cost.
var costs = map[string]*Cost{"quadratic": Quadratic, "cross-entropy": CrossEntropy}

// parse reads the command line. Its error is flag.ErrHelp if help is asked
// for, else a usageError.
func parse(args []string) (*options, error) {
	o := &options{flags: flag.NewFlagSet("digits", flag.ContinueOnError)}
	f := o.flags
	f.SetOutput(io.Discard) // an error is one line, and it is run that prints it
	f.Usage = func() {
		fmt.Fprintf(f.Output(), "usage: digits [flags]\n\nTrains a network to read handwritten digits.\n\n")
		f.PrintDefaults()
	}
	f.StringVar(&o.data, "data", "", "gzip'd pickle `FILE`: (training, validation, test), each (images, labels);\n"+
		"without it "+mnistFile+" if it is there, else the digits built in")
	hidden := f.String("hidden", "30", "neurons in each hidden layer, a comma-separated `LIST`, empty for none")
	f.IntVar(&o.epochs, "epochs", 30, "train for `N` epochs, each a pass through the training digits")
	f.IntVar(&o.batch, "batch", 10, "take a step after each `N` training digits, a mini-batch")
	f.Float64Var(&o.eta, "eta", 3, "learning rate `η`, how long the steps are")
	f.StringVar(&o.cost, "cost", "quadratic", "`NAME` of what training makes smaller: quadratic or cross-entropy")
	f.StringVar(&o.init, "init", "normal", "`NAME` of what the first weights are drawn from: normal, N(0,1),\n"+
		"or scaled, N(0,1/nIn) for a neuron with nIn inputs")
	f.Float64Var(&o.lambda, "lambda", 0, "L2 regularization `λ`, how much large weights cost")
	f.IntVar(&o.patience, "patience", 0, "judge each epoch on the validation digits, stop after `N` without a new best,\n"+
		"keep the best and score the test digits once, at the end; 0 is off")
	f.IntVar(&o.shift, "shift", 0, "move the training digits by up to `N` random pixels each way, afresh each epoch")
	f.Int64Var(&o.seed, "seed", 1, "`N` to draw the first weights and the order of the digits from;\n"+
		"the same seed gives the same results")
	if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
		return o, err
	} else if err != nil {
		return o, usageError(err.Error())
	}
	var err error
	o.hidden, err = parseLayers(*hidden)
	switch {
	case err != nil:
		return o, err
	case f.NArg() > 0:
		return o, usageError(fmt.Sprintf("unexpected argument %q", f.Arg(0)))
	case o.epochs < 0:
		return o, usageError(fmt.Sprintf("-epochs %d: want 0 or more", o.epochs))
	case o.batch < 1:
		return o, usageError(fmt.Sprintf("-batch %d: want 1 or more", o.batch))
	case !(o.eta > 0) || math.IsInf(o.eta, 0): // not > 0: NaN as well
		return o, usageError(fmt.Sprintf("-eta %v: want a number above 0", o.eta))
	}
	return o, o.checkChapter3()
}

// checkChapter3 refuses bad values of the flags that chapter 1 does without.
func (o *options) checkChapter3() error {
	switch {
	case costs[o.cost] == nil:
		return usageError(fmt.Sprintf("-cost %q: want quadratic or cross-entropy", o.cost))
	case o.init != "normal" && o.init != "scaled":
		return usageError(fmt.Sprintf("-init %q: want normal or scaled", o.init))
	case !(o.lambda >= 0) || math.IsInf(o.lambda, 0): // not >= 0: NaN as well
		return usageError(fmt.Sprintf("-lambda %v: want 0 or a number above it", o.lambda))
	case o.patience < 0:
		return usageError(fmt.Sprintf("-patience %d: want 0 or more", o.patience))
	case o.shift < 0:
		return usageError(fmt.Sprintf("-shift %d: want 0 or more", o.shift))
	}
	return nil
}

// checkData refuses flags that make no sense with these digits.
func (o *options) checkData(training, validation *DataSet) error {
	n := training.Len()
	switch {
	case o.eta*o.lambda/float64(n) >= 1:
		return usageError(fmt.Sprintf("-lambda %v with -eta %v: ηλ/n is %.3g for the %d training digits, "+
			"so a step leaves nothing of the weights: want less than 1", o.lambda, o.eta, o.eta*o.lambda/float64(n), n))
	case o.patience > 0 && validation.Len() == 0:
		return usageError(fmt.Sprintf("-patience %d: the data has no validation digits to judge the epochs by", o.patience))
	case o.shift > 0 && training.Width() == 0:
		return usageError(fmt.Sprintf("-shift %d: the images have %d pixels, and only squares can be moved", o.shift, training.Pixels))
	case o.shift > 0 && o.shift >= training.Width():
		return usageError(fmt.Sprintf("-shift %d: the images are only %d pixels wide", o.shift, training.Width()))
	}
	return nil
}

// parseLayers reads the value of -hidden: "60,30" is [60 30], "" is [].
func parseLayers(list string) ([]int, error) {
	var layers []int
	if strings.TrimSpace(list) == "" {
		return nil, nil
	}
	for _, field := range strings.Split(list, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(field))
		if err != nil || n < 1 {
			return nil, usageError(fmt.Sprintf("-hidden %q: %q is not a number of neurons", list, field))
		}
		layers = append(layers, n)
	}
	return layers, nil
}

// train does what the flags ask for: it loads the data, makes a network, and
// trains it.
func train(o *options, stdout, stderr io.Writer) error {
	training, validation, test, err := loadData(o.data, stderr)
	if err != nil {
		return err
	}
	sizes := append(append([]int{training.Pixels}, o.hidden...), digits)
	if err := checkSize(sizes, min(o.batch, training.Len())); err != nil {
		return err
	}
	if err := o.checkData(training, validation); err != nil {
		return err
	}
	fmt.Fprintf(stderr, "training a network of %s neurons: epochs %d, mini-batches of %d, η %v, seed %d%s\n",
		strings.Trim(strings.ReplaceAll(fmt.Sprint(sizes), " ", "-"), "[]"), o.epochs, o.batch, o.eta, o.seed, o.chapter3())

	rng := rand.New(rand.NewPCG(uint64(o.seed), 0))
	net := NewNetwork(sizes, rng)
	net.Cost = costs[o.cost]
	if o.init == "scaled" {
		net.ScaleWeights()
	}
	if o.epochs == 0 {
		_, err := fmt.Fprintf(stdout, "Test: %d / %d\n", net.Evaluate(test), test.Len())
		return err
	}
	epochs, best := 0, 0 // how many there were, and which was the best
	extra := Extras{Lambda: o.lambda, Shift: o.shift, Patience: o.patience, Validation: validation, Progress: newMeter(stderr)}
	extra.AfterEpoch = func(epoch int, isBest bool) error {
		epochs = epoch + 1
		if isBest {
			best = epoch
		}
		return nil
	}
	began := time.Now()
	if err := net.SGD(training, o.epochs, o.batch, o.eta, test, rng, stdout, extra); err != nil {
		return err
	}
	took := time.Since(began).Seconds()
	if o.patience > 0 {
		fmt.Fprintf(stderr, "epoch %d was the best, and its weights are kept\n", best)
	}
	fmt.Fprintf(stderr, "cost on the training digits: %.4g\n", net.TotalCost(training, o.lambda))
	fmt.Fprintf(stderr, "took %.1f s, %.2f s an epoch\n", took, took/float64(epochs))
	return nil
}

// chapter3 says which flags go beyond chapter 1: "" if none does.
func (o *options) chapter3() string {
	var s string
	if o.cost != "quadratic" {
		s += ", cost " + o.cost
	}
	if o.init != "normal" {
		s += ", weights " + o.init
	}
	if o.lambda > 0 {
		s += fmt.Sprintf(", λ %v", o.lambda)
	}
	if o.patience > 0 {
		s += fmt.Sprintf(", patience %d", o.patience)
	}
	if o.shift > 0 {
		s += fmt.Sprintf(", shift %d", o.shift)
	}
	return s
}

// digits is how many there are: the neurons of the output layer.
const digits = 10

// checkSize refuses networks that would not fit into any ordinary memory.
func checkSize(sizes []int, batch int) error {
	const limit = 1 << 28 // numbers of 8 bytes: 2 GB
	numbers := 0.0        // a float64 does not overflow, however long the list
	for l, n := range sizes {
		numbers += 2 * float64(batch) * float64(n) // activations and errors
		if l > 0 {
			numbers += float64(sizes[l-1]) * float64(n) // weights
		}
	}
	if numbers > limit {
		return usageError(fmt.Sprintf("-hidden and -batch ask for %.0f GB of memory; the limit is %d GB",
			numbers*8/(1<<30), limit*8/(1<<30)))
	}
	return nil
}

// Where MNIST is looked for, and where it is to be had.
const (
	mnistFile = "data/mnist.pkl.gz"
	getMNIST  = "mkdir -p data && curl -Lo data/mnist.pkl.gz " +
		"https://raw.githubusercontent.com/mnielsen/neural-networks-and-deep-learning/master/data/mnist.pkl.gz"
)

// builtIn is a small set of digits drawn by data/generate, in MNIST's format.
//
//go:embed data/digits.pkl.gz
var builtIn []byte

// loadData loads the digits in file, or if that is empty those of mnistFile
// if it exists, else those built in. It tells stderr which.
func loadData(file string, stderr io.Writer) (training, validation, test *DataSet, err error) {
	name, optional := file, false
	if file == "" {
		name, optional = mnistFile, true
	}
	var r io.Reader
	f, err := os.Open(name)
	switch {
	case err == nil:
		defer f.Close()
		r = f
	case optional && errors.Is(err, fs.ErrNotExist):
		name, r = "the digits built in", bytes.NewReader(builtIn)
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, nil, fmt.Errorf("%w; to get MNIST: %s; or leave -data out for the digits built in", err, getMNIST)
	default:
		return nil, nil, nil, err
	}
	training, validation, test, err = LoadData(name, r)
	if err != nil {
		return nil, nil, nil, err
	}
	fmt.Fprintf(stderr, "data: %s: %d training, %d validation, %d test digits of %d pixels\n",
		name, training.Len(), validation.Len(), test.Len(), training.Pixels)
	if f == nil {
		fmt.Fprintf(stderr, "for the real MNIST: %s\n", getMNIST)
	}
	return training, validation, test, nil
}

// newMeter returns a function for SGD to call after every mini-batch: it shows
// on w how far a long epoch has come, if w is a terminal. Otherwise it is nil.
func newMeter(w io.Writer) func(done, total int) {
	f, ok := w.(*os.File)
	if !ok {
		return nil
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return nil
	}
	return meter(w, time.Now)
}

// meter shows "37%" on w, at most five times a second, once an epoch has taken
// a second, and wipes it out when the epoch is over. now tells the time.
func meter(w io.Writer, now func() time.Time) func(done, total int) {
	const wipe = "\r       \r"
	var next time.Time // when to show something again; zero between epochs
	shown := false
	return func(done, total int) {
		t := now()
		switch {
		case done == total:
			if shown {
				io.WriteString(w, wipe)
			}
			next, shown = time.Time{}, false
		case next.IsZero():
			next = t.Add(time.Second)
		case t.After(next):
			fmt.Fprintf(w, "\r%3d%%", 100*done/total)
			next, shown = t.Add(200*time.Millisecond), true
		}
	}
}
