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
//	Epoch 0: 9062 / 10000
//	Epoch 1: 9277 / 10000
//	...
//
//	go run . -epochs 30 -save net.json
//	go run . -load net.json seven.png
//
// keeps the network in a file, and has it read a picture of a digit:
//
//	seven.png: 7 (7 0.98, 2 0.03, ...)
//
// digits -h lists the flags. Results go to standard output, everything else to
// standard error. The exit status is 0; 1 when a file or the training fails;
// 2 when the command line is wrong.
//
// The files are written to be read in this order; what a file uses of a later
// one can be understood by its name and its comment:
//
//	main.go     the command: flags, which data, the run
//	network.go  the network: made, trained, asked, measured
//	matrix.go   the matrix and the loops where all the time goes
//	loader.go   from the bytes of a file to numbers: a pickle decoder, MNIST
package main

import (
	"bufio"
	"bytes"
	"cmp"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
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
		err = o.perform(stdout, stderr)
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

	save, load string   // names of files, or ""
	show       int      // how many misread digits
	pictures   []string // names of files
}

// costs are the values of -cost.
var costs = map[string]*Cost{"quadratic": Quadratic, "cross-entropy": CrossEntropy}

// parse reads the command line. Its error is flag.ErrHelp if help is asked
// for, else a usageError.
func parse(args []string) (*options, error) {
	o := &options{flags: flag.NewFlagSet("digits", flag.ContinueOnError)}
	hidden := o.define()
	if err := o.flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return o, err
	} else if err != nil {
		return o, usageError(err.Error())
	}
	if o.flags.NArg() > 0 {
		o.pictures = o.flags.Args()
	}
	if o.load != "" && !o.given("epochs") {
		o.epochs = 0
	}
	var err error
	if o.hidden, err = parseLayers(*hidden); err != nil {
		return o, err
	}
	for _, check := range []func() error{o.check, o.checkChapter3, o.checkPictures} {
		if err := check(); err != nil {
			return o, err
		}
	}
	return o, nil
}

// define defines the flags. That of -hidden is yet to be read.
func (o *options) define() (hidden *string) {
	f := o.flags
	f.SetOutput(io.Discard) // an error is one line, and it is run that prints it
	f.Usage = func() {
		fmt.Fprintf(f.Output(), "usage: digits [flags] [image ...]\n\nTrains a network to read handwritten digits, and reads images of one digit each.\n\n")
		f.PrintDefaults()
	}
	f.StringVar(&o.data, "data", "", "gzip'd pickle `FILE`: (training, validation, test), each (images, labels);\n"+
		"without it "+mnistFile+" if it is there, else the digits built in")
	hidden = f.String("hidden", "30", "neurons in each hidden layer, a comma-separated `LIST`, empty for none")
	f.IntVar(&o.epochs, "epochs", 30, "train for `N` epochs, each a pass through the training digits;\n"+
		"with -load, for none unless this is given")
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
	f.StringVar(&o.save, "save", "", "keep the network in `FILE`, after every epoch; with -patience, the best so far")
	f.StringVar(&o.load, "load", "", "take the network from `FILE`, as -save or the book's network2.py wrote it")
	f.IntVar(&o.show, "show", 0, "show `N` misread test digits, and how often each digit was read as which;\n"+
		"and of images what the network saw")
	return hidden
}

// given reports whether the command line has this flag.
func (o *options) given(name string) bool {
	found := false
	o.flags.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}

// check refuses bad values of the flags.
func (o *options) check() error {
	switch {
	case o.epochs < 0:
		return usageError(fmt.Sprintf("-epochs %d: want 0 or more", o.epochs))
	case o.batch < 1:
		return usageError(fmt.Sprintf("-batch %d: want 1 or more", o.batch))
	case !(o.eta > 0) || math.IsInf(o.eta, 0): // not > 0: NaN as well
		return usageError(fmt.Sprintf("-eta %v: want a number above 0", o.eta))
	case o.show < 0:
		return usageError(fmt.Sprintf("-show %d: want 0 or more", o.show))
	case o.given("save") && o.save == "", o.given("load") && o.load == "":
		return usageError("-save and -load want the name of a file")
	case o.load != "" && o.given("hidden"):
		return usageError("-hidden beside -load: the file says which layers the network has")
	case o.load != "" && o.given("init"):
		return usageError("-init beside -load: the weights are those in the file")
	}
	return nil
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

// checkPictures refuses arguments that are no images as far as can be seen
// before a training that may take long. With nothing to train, readPictures
// will say so.
func (o *options) checkPictures() error {
	for _, name := range o.pictures {
		if strings.HasPrefix(name, "-") {
			return usageError(fmt.Sprintf("%s behind the name of an image: flags come first", name))
		}
		if info, err := os.Stat(name); o.epochs > 0 && (err != nil || info.IsDir()) {
			return usageError(fmt.Sprintf("unexpected argument %q: there is no such image", name))
		}
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

// perform does what the flags ask for: it makes or loads a network, trains it
// or tests it, and has it read the images. If all there is to do is to read
// images with a loaded network, no other digits are loaded.
func (o *options) perform(stdout, stderr io.Writer) error {
	if o.save != "" {
		if err := checkSave(o.save); err != nil {
			return err
		}
	}
	var net *Network
	if o.load != "" {
		var err error
		if net, err = o.loadNetwork(stderr); err != nil {
			return err
		}
	}
	if net == nil || o.epochs > 0 || o.save != "" || len(o.pictures) == 0 {
		training, validation, test, err := loadData(o.data, stderr)
		if err != nil {
			return err
		}
		rng := rand.New(rand.NewPCG(uint64(o.seed), 0))
		if net, err = o.prepare(net, training, validation, rng); err != nil {
			return err
		}
		if err := o.train(net, training, validation, test, rng, stdout, stderr); err != nil {
			return err
		}
		if o.show > 0 {
			if err := showMistakes(stdout, test, net.Answers(test), o.show); err != nil {
				return err
			}
		}
	}
	return o.readPictures(net, stdout, stderr)
}

// loadNetwork loads the network of -load and tells stderr what it is.
func (o *options) loadNetwork(stderr io.Writer) (*Network, error) {
	f, err := os.Open(o.load)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	net, err := LoadNetwork(o.load, f)
	if err != nil {
		return nil, err
	}
	sizes := net.Sizes()
	if sizes[len(sizes)-1] != digits {
		return nil, fmt.Errorf("%s: the network has %d outputs, want %d, one for each digit", o.load, sizes[len(sizes)-1], digits)
	}
	if o.given("cost") && costs[o.cost] != net.Cost {
		return nil, usageError(fmt.Sprintf("-cost %s beside -load: the cost in the file is %s", o.cost, net.Cost.Name))
	}
	fmt.Fprintf(stderr, "network: %s: %s neurons, %s\n", o.load, layers(sizes), net.Cost.Name)
	return net, nil
}

// layers writes sizes as 784-30-10.
func layers(sizes []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(sizes), " ", "-"), "[]")
}

// prepare makes a new network for the training digits, unless net was loaded,
// and sees that the network, the digits and the flags fit together.
func (o *options) prepare(net *Network, training, validation *DataSet, rng *rand.Rand) (*Network, error) {
	if net != nil && net.Sizes()[0] != training.Pixels {
		return nil, fmt.Errorf("%s: the network has %d inputs, but the digits have %d pixels", o.load, net.Sizes()[0], training.Pixels)
	}
	sizes := append(append([]int{training.Pixels}, o.hidden...), digits)
	if net != nil {
		sizes = net.Sizes()
	}
	if err := checkSize(sizes, min(o.batch, training.Len())); err != nil {
		return nil, err
	}
	if o.save != "" {
		if err := checkSaved(sizes); err != nil {
			return nil, fmt.Errorf("-save %s: %w", o.save, err)
		}
	}
	if err := o.checkData(training, validation); err != nil {
		return nil, err
	}
	if net == nil {
		net = NewNetwork(sizes, rng)
		net.Cost = costs[o.cost]
		if o.init == "scaled" {
			net.ScaleWeights()
		}
	}
	return net, nil
}

// train trains the network and keeps it in the file of -save. If there is
// nothing to train, it tests it.
func (o *options) train(net *Network, training, validation, test *DataSet, rng *rand.Rand, stdout, stderr io.Writer) error {
	if o.epochs > 0 || o.load == "" {
		fmt.Fprintf(stderr, "training a network of %s neurons: epochs %d, mini-batches of %d, η %v, seed %d%s\n",
			layers(net.Sizes()), o.epochs, o.batch, o.eta, o.seed, o.chapter3())
	}
	if o.epochs == 0 {
		if _, err := fmt.Fprintf(stdout, "Test: %d / %d\n", net.Evaluate(test), test.Len()); err != nil {
			return err
		}
		return o.keep(net)
	}
	epochs, best := 0, 0 // how many there were, and which was the best
	extra := Extras{Lambda: o.lambda, Shift: o.shift, Patience: o.patience, Validation: validation, Progress: newMeter(stderr)}
	extra.AfterEpoch = func(epoch int, isBest bool) error {
		epochs = epoch + 1
		if !isBest {
			return nil
		}
		best = epoch
		return o.keep(net)
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

// keep writes net to the file of -save, if there is one.
func (o *options) keep(net *Network) error {
	if o.save == "" {
		return nil
	}
	return replaceFile(o.save, net.Save)
}

// checkSave fails if a network could not be written to file. It is better to
// learn that before the training than after it.
func checkSave(file string) error {
	if info, err := os.Stat(file); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("-save %s: this is no ordinary file", file)
	}
	f, err := createBeside(file)
	if err != nil {
		return fmt.Errorf("-save: %w", err)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// createBeside creates a file in the folder of file, for this process alone.
func createBeside(file string) (*os.File, error) {
	return os.Create(fmt.Sprintf("%s.%d.tmp", file, os.Getpid()))
}

// replaceFile has write write a file, and only when that is whole and on the
// disk gives it the name file: whatever stops the program, there is the old
// file or the new one.
func replaceFile(file string, write func(io.Writer) error) error {
	if target, err := filepath.EvalSymlinks(file); err == nil {
		file = target // a link stays a link
	}
	f, err := createBeside(file)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	err = write(w)
	if err == nil {
		err = w.Flush()
	}
	if info, e := os.Stat(file); err == nil && e == nil {
		err = f.Chmod(info.Mode().Perm())
	}
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// readPictures has net read the images named on the command line, and prints a
// line for each to stdout: the name, the digit, and the activations of the
// output neurons, the highest first. An image that cannot be read has its line
// on stderr, and does not stop the others.
func (o *options) readPictures(net *Network, stdout, stderr io.Writer) error {
	if len(o.pictures) > 0 && net.Sizes()[0] != pictureWidth*pictureWidth {
		return fmt.Errorf("images have %d pixels, but the network has %d inputs", pictureWidth*pictureWidth, net.Sizes()[0])
	}
	failed := 0
	for _, name := range o.pictures {
		picture, err := openPicture(name)
		if err != nil {
			fmt.Fprintf(stderr, "digits: %v\n", err)
			failed++
			continue
		}
		if _, err := fmt.Fprintf(stdout, "%s: %s\n", name, reading(net.Feedforward(picture).Row(0))); err != nil {
			return err
		}
		if o.show > 0 || isTerminal(stdout) {
			var out bytes.Buffer
			draw(&out, picture.Data, pictureWidth, hasColour(stdout))
			if _, err := out.WriteTo(stdout); err != nil {
				return err
			}
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d images could not be read", failed, len(o.pictures))
	}
	return nil
}

// openPicture loads an image file.
func openPicture(name string) (*Matrix, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return LoadPicture(name, f)
}

// reading says what the output neurons say: "7 (7 0.98, 1 0.03, …)".
func reading(output []float64) string {
	order := make([]int, len(output))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(output[j], output[i]) })
	each := make([]string, len(order))
	for i, digit := range order {
		each[i] = fmt.Sprintf("%d %.2f", digit, output[digit])
	}
	return fmt.Sprintf("%d (%s)", order[0], strings.Join(each, ", "))
}

// showMistakes writes the confusion matrix of the test digits to w, then those
// pairs that were confused most often, then n of the digits that were misread.
func showMistakes(w io.Writer, test *DataSet, answers []int, n int) error {
	var out bytes.Buffer
	var count [digits][digits]int // [right][read]
	for i, read := range answers {
		count[test.Labels[i]][read]++
	}
	writeConfusion(&out, &count)
	for i, read := range answers {
		right := int(test.Labels[i])
		if right == read {
			continue
		}
		if n--; n < 0 {
			break
		}
		fmt.Fprintf(&out, "\ntest digit %d: %d read as %d\n", i, right, read)
		draw(&out, test.Image(i), test.Width(), hasColour(w))
	}
	_, err := out.WriteTo(w)
	return err
}

// writeConfusion writes how often each digit was read as which.
func writeConfusion(out io.Writer, count *[digits][digits]int) {
	type confusion struct{ right, read, times int }
	var worst []confusion
	fmt.Fprint(out, "\nright \\ read")
	for read := range digits {
		fmt.Fprintf(out, "%6d", read)
	}
	for right, row := range count {
		fmt.Fprintf(out, "\n%12d", right)
		for read, times := range row {
			if times == 0 {
				fmt.Fprintf(out, "%6s", ".")
				continue
			}
			fmt.Fprintf(out, "%6d", times)
			if read != right {
				worst = append(worst, confusion{right, read, times})
			}
		}
	}
	fmt.Fprintln(out)
	slices.SortStableFunc(worst, func(a, b confusion) int { return b.times - a.times })
	for i, c := range worst[:min(5, len(worst))] {
		if i == 0 {
			fmt.Fprintln(out, "\nmost often confused:")
		}
		fmt.Fprintf(out, "%6d times %d read as %d\n", c.times, c.right, c.read)
	}
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

// draw draws an image in characters, each of them two pixels, one above the
// other. In colour they are half blocks, whose foreground is the upper pixel
// and whose background is the lower, each in one of the 24 greys of terminals;
// plain, a character as dark as both together.
func draw(out io.Writer, pixels []float64, width int, colour bool) {
	const plain = " .:-=+*#%@"
	if width == 0 { // images that are no squares
		width = len(pixels)
	}
	for i := 0; i < len(pixels); i += 2 * width {
		var line strings.Builder
		for j := i; j < i+width; j++ {
			upper, lower := pixels[j], 0.0
			if j+width < len(pixels) {
				lower = pixels[j+width]
			}
			if colour {
				fmt.Fprintf(&line, "\x1b[38;5;%dm\x1b[48;5;%dm▀", 232+int(23*upper), 232+int(23*lower))
			} else {
				line.WriteByte(plain[int((upper+lower)/2*float64(len(plain)-1)+0.5)])
			}
		}
		if colour {
			line.WriteString("\x1b[0m")
		}
		fmt.Fprintln(out, strings.TrimRight(line.String(), " "))
	}
}

// hasColour reports whether to draw in colour on w: on a terminal, unless the
// user has set NO_COLOR (https://no-color.org).
func hasColour(w io.Writer) bool { return isTerminal(w) && os.Getenv("NO_COLOR") == "" }

// isTerminal reports whether w is a terminal.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// newMeter returns a function for SGD to call after every mini-batch: it shows
// on w how far a long epoch has come, if w is a terminal. Otherwise it is nil.
func newMeter(w io.Writer) func(done, total int) {
	if !isTerminal(w) {
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
