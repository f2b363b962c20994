from .comparison import Comparison as Comparison
from .comparison import Comparisons as Comparisons
from .comparison import compare as compare
from .comparison import compare_all as compare_all
