"""What visitors and programs see: the page, its tabs, and the routes beside it.

The page: `page`, with `page.css`, builds it from its tabs, `classify`, `teach`, `live`, `album`, `inside` and `lab`;
`corrections` is a part of the first. `service` takes a photo of any of them to its answer, by the model that is served or
one that the visitor taught: `which_model` is the switch. `settings` is what a deployment can choose, `texts` has every
sentence of the page in four languages, and `head` tells Gradio which of them a visitor wants. `blocks` answers programs that
send Gradio what makes no sense. `before_gradio` is what app.py imports first: `gradio_variables` reads what Gradio would,
`address` where to listen, and `uploads` makes their folder.

Beside the page: `server` puts together what the server has besides, `api` (routes for programs, whose photos `request_photo`
reads, and what else they ask for `parameters`), `agents` (tools over the Model Context Protocol) and `cors` (which other
sites may call).

What tabs share: `photo_input` (a photo from a visitor, and the buttons for `examples/`), `token_radio`, `errors`, `markup`
(HTML and Markdown), `heat` (the heat map, in the colours of `palette`), `data_url`, `scripts` (JavaScript, with
`server_address.js` before it, `photo_files.js`, `dropped.js`, `unzip.js` and `given.js` where files are given, and `heat.js`
where heat maps are drawn). `zero_gpu` is what a ZeroGPU Space asks for.
"""
