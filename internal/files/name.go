package files

import "fmt"

// Output returns the file to give to Replace for an output called file, as Target does.
// It fails also if that is one of the files read.
func Output(file string, read ...string) (string, error) {
	target, err := Target(file)
	if err != nil {
		return "", err
	}
	for _, input := range read {
		if Same(input, target) {
			return "", fmt.Errorf("it would replace %s, which is to be read", input)
		}
	}
	return target, nil
}
