python3 -m zipfile -e "pickle.zip" .
