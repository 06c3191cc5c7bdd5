using System.Diagnostics;
using System.Globalization;
using Quorleans.Clerk;
using Quorleans.Clerk.Tests;
using Quorleans.GrainInterfaces;
using Quorleans.KeyValue;

// What the Clerk itself costs: a replica in this process that answers each batch with success and does nothing else. Closed loop: each
// caller awaits its put before the next one. Arguments: callers, seconds, answer delay ("0": at once; "yield": after a hop of the pool; else
// milliseconds), batches in flight, "off" for one call an operation.
int callers = Argument(0, 64);
int seconds = Argument(1, 3);
string delay = args.Length > 2 ? args[2] : "yield";
int inFlight = Argument(3, new ClerkOptions().MaxBatchesInFlight);
bool batching = !(args.Length > 4 && args[4] == "off");

ResultBatchBuilder results = new();
Lock gate = new();
int calls = 0;
FakeReplicas replicas = new() { Records = false };
await using OrleansClerk clerk = new(replicas, new ClerkOptions { MaxBatchesInFlight = inFlight, Batching = batching });
await clerk.PutAsync("warm", "up");
replicas.Meet = (target, request) => request.IsQuery ? null : AnswerAsync(request);

byte[][] keys = [.. Enumerable.Range(0, 10_000).Select(static i => System.Text.Encoding.ASCII.GetBytes($"key-{i:000000}"))];
byte[] value = new byte[64];
long operations = 0;
bool stop = false;
await MeasureAsync(TimeSpan.FromSeconds(1));
(double elapsed, long done, long bytes, int sent) = await MeasureAsync(TimeSpan.FromSeconds(seconds));
Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture,
    $"{{\"callers\":{callers},\"delay\":\"{delay}\",\"inFlight\":{inFlight},\"batching\":{(batching ? "true" : "false")},\"opsPerSecond\":{done / elapsed:0},\"opsPerCall\":{(double)done / sent:0.0},\"bytesPerOp\":{(double)bytes / done:0}}}"));

async Task<(double Elapsed, long Done, long Bytes, int Calls)> MeasureAsync(TimeSpan time)
{
    stop = false;
    Interlocked.Exchange(ref operations, 0);
    calls = 0;
    long allocated = GC.GetTotalAllocatedBytes(precise: true);
    long start = Stopwatch.GetTimestamp();
    Task[] loops = [.. Enumerable.Range(0, callers).Select(caller => Task.Run(() => LoopAsync(caller)))];
    await Task.Delay(time);
    Volatile.Write(ref stop, true);
    await Task.WhenAll(loops);
    return (Stopwatch.GetElapsedTime(start).TotalSeconds, operations, GC.GetTotalAllocatedBytes(precise: true) - allocated, calls);
}

async Task LoopAsync(int caller)
{
    long count = 0;
    for (int i = caller; !Volatile.Read(ref stop); i = (i + 7919) % keys.Length, count++) await clerk.PutAsync(keys[i], value).ConfigureAwait(false);
    Interlocked.Add(ref operations, count);
}

async Task<SubmitReply> AnswerAsync(SubmitRequest request)
{
    Interlocked.Increment(ref calls);
    if (delay == "yield") await Task.Yield();
    else if (delay != "0") await Task.Delay(int.Parse(delay, CultureInfo.InvariantCulture)).ConfigureAwait(false);
    return new SubmitReply(SubmitStatus.Ok, Results(request.Payload)) { LogTimeMs = 1 };
}

ReadOnlyMemory<byte> Results(byte[] payload)
{
    int count = new WriteBatchReader(payload).Count;
    lock (gate)
    {
        results.Begin(count);
        for (int i = 0; i < count; i++) results.Add(OperationStatus.Ok, 5);
        return results.Build();
    }
}

int Argument(int index, int otherwise) => args.Length > index ? int.Parse(args[index], CultureInfo.InvariantCulture) : otherwise;
