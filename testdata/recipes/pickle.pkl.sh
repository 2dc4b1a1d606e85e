python3 -c "import sys,gzip,pickle;n=sys.argv[1];gzip.open('digits.pkl.gz','wb').write(open(n,'rb').read())" "pickle.pkl"
