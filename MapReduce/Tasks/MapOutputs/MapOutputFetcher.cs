using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using Quorleans.MapReduce.Engine;
using Quorleans.MapReduce.Jobs;

namespace Quorleans.MapReduce.Tasks;

/// <summary>Fetches map outputs of another machine into a local file. On the attempt's own thread, one connection at a time.</summary>
internal sealed class MapOutputFetcher : IDisposable
{
    private const int ChunkBytes = 256 * 1024;
    private const int MostTries = 4;
    private readonly HttpClient _client;
    private readonly TimeSpan _firstPause;

    /// <param name="handler">Carries the requests; null: the network.</param>
    /// <param name="firstPause">Before the second try; each further one waits twice as long.</param>
    public MapOutputFetcher(HttpMessageHandler? handler = null, TimeSpan? firstPause = null)
    {
        _client = new HttpClient(handler ?? new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(2), UseProxy = false, AllowAutoRedirect = false }) { Timeout = Timeout.InfiniteTimeSpan };
        _firstPause = firstPause ?? TimeSpan.FromMilliseconds(200);
    }

    /// <summary>Fetches.</summary>
    /// <param name="outputs">Of one tracker, at most <see cref="MapOutputRequest.MostIndexes"/>.</param>
    /// <param name="partition">Which partition of them.</param>
    /// <param name="secret">What the server asks for.</param>
    /// <param name="path">The file to write.</param>
    /// <param name="files">Writes it.</param>
    /// <param name="received">Is told how many bytes came.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The runs, for each output.</returns>
    /// <exception cref="MapOutputsLostException">Some are gone, or their tracker cannot be reached.</exception>
    public IReadOnlyList<IReadOnlyList<Run>> Fetch(
        IReadOnlyList<MapOutput> outputs, int partition, string secret, string path, WorkFiles files, Action<long> received, CancellationToken cancellation)
    {
        Uri uri = new(outputs[0].Endpoint.TrimEnd('/') + MapOutputRequest.Path);
        byte[] body = new MapOutputRequest(partition, [.. outputs.Select(static output => output.Index)]).ToJson();
        using SafeFileHandle file = files.Create(path);
        long have = 0;
        TimeSpan pause = _firstPause;
        for (int tries = 1; ; tries++)
        {
            long before = have;
            string problem;
            Exception? cause = null;
            try
            {
                if (TryOnce(out problem)) return MapOutputHeader.Read(path, outputs.Count, partition);
            }
            catch (Exception e) when (e is HttpRequestException or HttpIOException or SocketException or InvalidDataException || (e is IOException && !cancellation.IsCancellationRequested))
            {
                (problem, cause) = (e.Message, e);

                // What is whole and yet wrong is not made right by its rest.
                if (e is InvalidDataException) have = before = 0;
            }

            cancellation.ThrowIfCancellationRequested();
            if (have > before) (tries, pause) = (1, _firstPause);
            else if (tries == MostTries) throw new MapOutputsLostException($"{outputs[0].Tracker} at {outputs[0].Endpoint} does not give the outputs of {outputs.Count} map tasks: {problem}", outputs, cause);
            cancellation.WaitHandle.WaitOne(pause);
            cancellation.ThrowIfCancellationRequested();
            pause *= 2;
        }

        bool TryOnce(out string problem)
        {
            using HttpRequestMessage request = new(HttpMethod.Post, uri) { Content = new ByteArrayContent(body) };
            request.Headers.TryAddWithoutValidation("Authorization", MapOutputServer.Authorization(secret));
            if (have > 0) request.Headers.Range = new RangeHeaderValue(have, null);
            using HttpResponseMessage response = _client.Send(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
            using Stream stream = response.Content.ReadAsStream(cancellation);
            if (response.StatusCode == HttpStatusCode.Gone) throw Gone(outputs, stream);
            if (response.StatusCode != (have > 0 ? HttpStatusCode.PartialContent : HttpStatusCode.OK))
            {
                problem = string.Create(CultureInfo.InvariantCulture, $"it answers {(int)response.StatusCode} {response.ReasonPhrase}");
                return false;
            }

            long expected = have + (response.Content.Headers.ContentLength ?? throw new InvalidDataException("the answer does not say how long it is"));
            byte[] chunk = new byte[ChunkBytes];
            for (int read; (read = stream.Read(chunk)) > 0;)
            {
                cancellation.ThrowIfCancellationRequested();
                files.Write(file, path, chunk.AsSpan(0, read), have);
                have += read;
                received(read);
            }

            problem = string.Create(CultureInfo.InvariantCulture, $"the answer ended after {have} of {expected} bytes");
            return have == expected;
        }
    }

    public void Dispose() => _client.Dispose();

    private static MapOutputsLostException Gone(IReadOnlyList<MapOutput> outputs, Stream body)
    {
        int[] places = [];
        try
        {
            places = JsonSerializer.Deserialize(body, MapOutputJson.Default.Int32Array) ?? [];
        }
        catch (JsonException)
        {
            // Then all are.
        }

        MapOutput[] lost = [.. places.Where(place => place >= 0 && place < outputs.Count).Select(place => outputs[place])];
        if (lost.Length == 0) lost = [.. outputs];
        return new MapOutputsLostException($"{outputs[0].Tracker} at {outputs[0].Endpoint} has the outputs of {lost.Length} map tasks no more", lost);
    }
}
