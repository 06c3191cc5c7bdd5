using System.IO.Pipelines;
using System.Net;
using Quorleans.MapReduce.Tasks;

namespace Quorleans.MapReduce.Tests.Tasks;

/// <summary>Servers of map outputs behind an HTTP client, without sockets.</summary>
internal sealed class InMemoryNetwork(IReadOnlyList<MapOutputServer> servers) : HttpMessageHandler
{
    public static string EndpointOf(int machine) => $"http://m{machine}";

    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        int machine = int.Parse(request.RequestUri!.Host[1..]);
        using MemoryStream body = new();
        request.Content!.CopyTo(body, null, cancellationToken);
        long offset = request.Headers.Range?.Ranges.Single().From ?? 0;
        MapOutputAnswer answer = servers[machine].Answer(request.Headers.Authorization?.ToString(), body.ToArray(), offset);
        MemoryStream sent = new();
        PipeWriter writer = PipeWriter.Create(sent, new StreamPipeWriterOptions(leaveOpen: true));
        answer.SendAsync(writer, cancellationToken).GetAwaiter().GetResult();
        writer.Complete();
        Assert.Equal(answer.Bytes, sent.Length);
        sent.Position = 0;
        return new HttpResponseMessage((HttpStatusCode)answer.Status) { Content = new StreamContent(sent) };
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => throw new NotSupportedException("fetching is synchronous");
}

/// <summary>A network that does something to each answer.</summary>
internal sealed class FaultyNetwork(HttpMessageHandler inner, Func<int, HttpResponseMessage, HttpResponseMessage> change) : HttpMessageHandler
{
    private readonly HttpMessageInvoker _inner = new(inner);

    public int Requests { get; private set; }

    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken) => change(++Requests, _inner.Send(request, cancellationToken));

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => throw new NotSupportedException("fetching is synchronous");

    protected override void Dispose(bool disposing)
    {
        _inner.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>An answer that breaks off.</summary>
    public static HttpResponseMessage Cut(HttpResponseMessage answer, int after)
    {
        byte[] whole = answer.Content.ReadAsByteArrayAsync().GetAwaiter().GetResult();
        if (whole.Length <= after) return Whole(answer.StatusCode, whole, whole.Length);
        return Whole(answer.StatusCode, whole[..after], whole.Length);
    }

    public static HttpResponseMessage Flip(HttpResponseMessage answer, int at)
    {
        byte[] whole = answer.Content.ReadAsByteArrayAsync().GetAwaiter().GetResult();
        whole[at] ^= 0x10;
        return Whole(answer.StatusCode, whole, whole.Length);
    }

    private static HttpResponseMessage Whole(HttpStatusCode status, byte[] bytes, long length) =>
        new(status) { Content = new StreamContent(new BreakingStream(bytes, bytes.Length < length)) { Headers = { ContentLength = length } } };

    private sealed class BreakingStream(byte[] bytes, bool breaks) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) => Checked(base.Read(buffer, offset, count));

        public override int Read(Span<byte> buffer) => Checked(base.Read(buffer));

        private int Checked(int read) => read == 0 && breaks ? throw new IOException("connection reset") : read;
    }
}
