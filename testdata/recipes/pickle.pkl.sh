python3 -c "import sys,gzip,pickle;n=sys.argv[1];gzip.open('digits.pkl.gz','wb',6).write(open(n,'rb').read())" "pickle.pkl"
