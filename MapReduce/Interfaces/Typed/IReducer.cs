namespace Quorleans.MapReduce;

/// <summary>Turns a key and all its values into output. One instance serves one attempt of a task; keys come in sort order.</summary>
/// <typeparam name="TKey">The keys.</typeparam>
/// <typeparam name="TValue">The values.</typeparam>
public interface IReducer<TKey, in TValue>
{
    /// <summary>Reduces a group.</summary>
    /// <param name="key">The key.</param>
    /// <param name="values">Streamed: they can be gone through once, and there may be more than fit into memory.</param>
    /// <param name="context">Takes the output.</param>
    void Reduce(TKey key, IEnumerable<TValue> values, IReduceContext context);
}

/// <summary>Shrinks the values of a key before they leave a map task; the result must not depend on whether and how often that happens.</summary>
/// <typeparam name="TKey">The keys.</typeparam>
/// <typeparam name="TValue">The values.</typeparam>
public interface ICombiner<TKey, TValue>
{
    /// <summary>Makes one value of some of the key's values.</summary>
    TValue Combine(TKey key, IEnumerable<TValue> values);
}

/// <summary>Takes a reduce task's output.</summary>
public interface IReduceContext : ITaskContext
{
    /// <summary>
    /// Writes a record of the output, each part as text: strings and <c>byte[]</c> as they are, everything else as the invariant culture
    /// writes it.
    /// </summary>
    void Write<TOutputKey, TOutputValue>(TOutputKey key, TOutputValue value);
}
