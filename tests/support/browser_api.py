"""The members of the browser's interfaces that app/page may use, by the browser's own names.

Does not do anything: tests/support/fakejs.py makes objects with these members and no others. The names are
those of the standards (HTML, DOM, File API, Geometry, WebGL 2), not of the code: a name that is misspelt in
app/page is not here.
"""

from __future__ import annotations

CONTEXT_2D = """canvas fillStyle strokeStyle lineCap lineJoin lineWidth globalAlpha globalCompositeOperation
    filter imageSmoothingEnabled imageSmoothingQuality clearRect fillRect strokeRect
    drawImage getImageData putImageData getTransform setTransform resetTransform transform
    translate scale rotate save restore beginPath closePath moveTo lineTo arc rect fill
    stroke clip fillText measureText"""

WEBGL2 = """canvas drawingBufferWidth drawingBufferHeight activeTexture attachShader bindBuffer
    bindFramebuffer bindTexture bindVertexArray blendFunc blendFuncSeparate bufferData
    bufferSubData clear clearColor compileShader createBuffer createFramebuffer
    createProgram createShader createTexture createVertexArray deleteBuffer
    deleteFramebuffer deleteProgram deleteShader deleteTexture deleteVertexArray disable
    drawArrays drawArraysInstanced drawElements enable enableVertexAttribArray fenceSync
    finish flush framebufferTexture2D generateMipmap getActiveUniform getAttribLocation
    getError getExtension getParameter getProgramInfoLog getProgramParameter
    getShaderInfoLog getShaderParameter getUniformLocation isContextLost linkProgram
    pixelStorei readPixels scissor shaderSource texImage2D texParameteri texStorage2D
    texSubImage2D uniform1f uniform1i uniform2f uniform3f uniform4f useProgram
    vertexAttribDivisor vertexAttribPointer viewport ACTIVE_UNIFORMS ARRAY_BUFFER BLEND
    CLAMP_TO_EDGE COLOR_ATTACHMENT0 COLOR_BUFFER_BIT COMPILE_STATUS DYNAMIC_DRAW FLOAT
    FLOAT_VEC2 FLOAT_VEC3 FLOAT_VEC4 FRAGMENT_SHADER FRAMEBUFFER HALF_FLOAT LINEAR
    LINEAR_MIPMAP_LINEAR LINK_STATUS NEAREST ONE ONE_MINUS_SRC_ALPHA PACK_ALIGNMENT R16F
    R32F R8 RED RENDERER RGBA RGBA16F RGBA8 SAMPLER_2D SRC_ALPHA STATIC_DRAW STREAM_DRAW
    TEXTURE0 TEXTURE_2D TEXTURE_MAG_FILTER TEXTURE_MIN_FILTER TEXTURE_WRAP_S TEXTURE_WRAP_T
    TRIANGLES TRIANGLE_STRIP UNPACK_ALIGNMENT UNPACK_FLIP_Y_WEBGL UNSIGNED_BYTE VENDOR
    VERTEX_SHADER ZERO"""

TYPED_ARRAY = "length byteLength byteOffset buffer set slice subarray fill"
MATRIX = "a b c d e f is2D inverse multiply translate scale rotate transformPoint"

# Interface -> its members. Pyodide adds `new` to what can be constructed, and to_py, to_bytes and the like.
MEMBERS: dict[str, frozenset[str]] = {
    name: frozenset(members.split())
    for name, members in {
        "Blob": "arrayBuffer size slice stream text type",
        "CanvasRenderingContext2D": CONTEXT_2D,
        "Crypto": "getRandomValues randomUUID subtle",
        "DOMMatrix": MATRIX,
        "Float32Array": TYPED_ARRAY,
        "Int32Array": TYPED_ARRAY,
        "ImageBitmap": "close height width",
        "ImageData": "data height width",
        "OffscreenCanvas": "convertToBlob getContext height transferToImageBitmap width",
        "Path2D": "addPath arc closePath lineTo moveTo rect",
        "Performance": "mark measure now timeOrigin",
        "SubtleCrypto": "digest",
        "URL": "hash host href origin pathname search searchParams toString",
        "Uint8Array": TYPED_ARRAY,
        "Uint8ClampedArray": TYPED_ARRAY,
        "WebGL2RenderingContext": WEBGL2,
        "WebGLActiveInfo": "name size type",
        "WorkerLocation": "hash host href origin pathname search",
        "WorkerNavigator": "gpu hardwareConcurrency language userAgent",
    }.items()
}
