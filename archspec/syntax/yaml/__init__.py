"""The YAML of specs: 1.2 without anchors, tags, complex keys and several documents, which the language refuses.

A parser of our own, because what is said of a mistake is half of a compiler: it knows what was open and what stood
above, says what was meant, and goes on behind it. It reads each character a bounded number of times, whatever the text.
`cursor` moves through the text; `scalars` reads single values, `flow` what stands in brackets, `block` the rest;
`mistakes` recognises what people do wrong.
"""
