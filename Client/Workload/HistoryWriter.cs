using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Threading.Channels;

namespace Quorleans.Client.Workload;

/// <summary>
/// Writes a history, one JSON object a line, beside the clients: recording never waits for the disk, since that would change what is
/// recorded. What is recorded reaches the file as soon as the writer has caught up, so that a killed process leaves it behind.
/// </summary>
internal sealed class HistoryWriter : IAsyncDisposable
{
    private static readonly JsonWriterOptions JsonOptions = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    private const int FlushBytes = 64 * 1024;
    private readonly Channel<OperationRecord> _records =
        Channel.CreateUnbounded<OperationRecord>(new UnboundedChannelOptions { SingleReader = true });

    private readonly Stream _file;
    private readonly Task _writing;
    private long _recorded;
    private Mark? _mark;

    /// <param name="file">Where the lines go; closed with this.</param>
    public HistoryWriter(Stream file)
    {
        _file = file;
        _writing = Task.Run(WriteAsync);
    }

    /// <summary>Ends when writing ends; faulted when the file cannot be written.</summary>
    public Task Completion => _writing;

    /// <summary>How many operations were recorded.</summary>
    public long Recorded => Interlocked.Read(ref _recorded);

    /// <summary>Ends when as many operations were recorded.</summary>
    public Task WaitForAsync(long operations, CancellationToken cancellationToken)
    {
        TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _mark, new Mark(operations, reached));
        if (Interlocked.Read(ref _recorded) >= operations) reached.TrySetResult();
        return reached.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Creates a history, or replaces the file.</summary>
    /// <exception cref="ClientException">The file cannot be written.</exception>
    public static HistoryWriter Create(string path)
    {
        try
        {
            return new HistoryWriter(new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new ClientException($"the history {path} cannot be written: {e.Message}", e);
        }
    }

    /// <summary>Records an operation. Never blocks.</summary>
    public void Record(in OperationRecord record)
    {
        _records.Writer.TryWrite(record);
        long recorded = Interlocked.Increment(ref _recorded);
        if (Volatile.Read(ref _mark) is { } mark && recorded >= mark.Operations) mark.Reached.TrySetResult();
    }

    /// <summary>Writes what is left and closes the file.</summary>
    /// <exception cref="ClientException">The file could not be written, so the history is not whole.</exception>
    public async Task FinishAsync()
    {
        _records.Writer.TryComplete();
        try
        {
            await _writing;
        }
        catch (IOException e)
        {
            throw new ClientException($"the history is not whole: {e.Message}", e);
        }
        finally
        {
            await _file.DisposeAsync();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _records.Writer.TryComplete();
        await ((Task)_writing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _file.DisposeAsync();
    }

    private async Task WriteAsync()
    {
        ArrayBufferWriter<byte> lines = new(2 * FlushBytes);
        await using Utf8JsonWriter json = new(lines, JsonOptions);
        while (await _records.Reader.WaitToReadAsync())
        {
            while (_records.Reader.TryRead(out OperationRecord record))
            {
                json.Reset();
                record.WriteTo(json);
                await json.FlushAsync();
                lines.Write("\n"u8);
                if (lines.WrittenCount >= FlushBytes) await FlushAsync(lines);
            }

            await FlushAsync(lines);
        }
    }

    private async Task FlushAsync(ArrayBufferWriter<byte> lines)
    {
        await _file.WriteAsync(lines.WrittenMemory);
        lines.ResetWrittenCount();
    }

    private sealed record Mark(long Operations, TaskCompletionSource Reached);
}
